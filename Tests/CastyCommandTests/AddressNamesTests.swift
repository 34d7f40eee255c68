import CastyCore
import Testing

@testable import CastyCommand

@Suite("Short names of addresses")
struct AddressNamesTests {
    private func names(_ addresses: [String]) throws -> [String] {
        var names = AddressNames()
        for address in addresses { names.learn(try #require(NodeAddress(address))) }
        return addresses.map(names.shorten)
    }

    @Test("on this machine the port is the name; elsewhere the host or its first label; the whole address if taken")
    func names() throws {
        #expect(try names(["127.0.0.1:27001", "127.0.0.1:27002"]) == ["27001", "27002"])
        #expect(try names(["127.0.0.1:25520", "127.0.0.2:25520"]) == ["25520", "127.0.0.2"])
        #expect(try names(["10.0.0.7:25520", "10.0.0.8:25520"]) == ["10.0.0.7", "10.0.0.8"])
        #expect(try names(["10.0.0.7:7001", "10.0.0.7:7002"]) == ["10.0.0.7", "10.0.0.7:7002"])
        #expect(
            try names(["node-1.shop.internal:25520", "node-2.shop.internal:25520"]) == ["node-1", "node-2"])
        #expect(try names(["a.eu:25520", "a.us:25520"]) == ["a", "a.us"])
    }

    @Test("a name stays, whatever is learned later")
    func stays() throws {
        var names = AddressNames()
        let first = try #require(NodeAddress("127.0.0.1:2700"))
        names.learn(first)
        names.learn(try #require(NodeAddress("127.0.0.1:27001")))
        #expect(names.shorten("\(first) and 127.0.0.1:27001") == "2700 and 27001")
    }
}

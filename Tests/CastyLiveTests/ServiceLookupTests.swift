import CastyCore
import Glibc
import Synchronization
import Testing

@testable import CastyLive

@Suite("Service records of a name", .timeLimit(.minutes(10)))
struct ServiceLookupTests {
    @Test("the hosts and ports of all records are found, once, sorted, as names in lower case")
    func found() throws {
        let server = try NameServer { question in
            question.name == "_casty._tcp.example"
                ? .records([(7002, "casty-1.example"), (7001, "Casty-0.example"), (7002, "casty-1.example")]) : .noName
        }
        let found = try ServiceLookup.addresses(of: "_casty._tcp.example.", server: server.address)
        #expect(found.map(\.description) == ["casty-0.example:7001", "casty-1.example:7002"])
        #expect(server.types == [33])
    }

    @Test(
        "where there is none, the error says why",
        arguments: [
            (NameServer.Answer.noName, "no name that is known"), (.records([]), "has no service records"),
            (.records([(0, "gone.example")]), "names no host"), (.garbage, "makes no sense"),
        ])
    func none(answer: NameServer.Answer, words: String) throws {
        let server = try NameServer { _ in answer }
        let error = #expect(throws: TransportError.self) {
            try ServiceLookup.addresses(of: "_casty._tcp.example.", server: server.address)
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}

/// A server of the domain name system on loopback that knows one kind of record.
final class NameServer: Sendable {
    struct Question {
        var name: String
        var type: UInt16
    }

    enum Answer: Sendable {
        case records([(port: UInt16, host: String)])
        case noName
        /// The right length and nothing else right.
        case garbage
    }

    let address: NodeAddress
    private let descriptor: Int32
    private let asked = Mutex([UInt16]())

    /// The types of records that were asked for.
    var types: [UInt16] { asked.withLock { $0 } }

    init(answer: @escaping @Sendable (Question) -> Answer) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isBound)
        self.descriptor = descriptor
        address = NodeAddress(host: "127.0.0.1", port: Int(UInt16(bigEndian: own.sin_port)))
        LiveThread { [weak self] in
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                var peer = sockaddr_in()
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let count = withUnsafeMutablePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor, &bytes, bytes.count, 0, $0, &size)
                    }
                }
                guard count > 12 else { break }
                let query = Array(bytes[..<count])
                let (question, end) = Self.question(query)
                self?.asked.withLock { $0.append(question.type) }
                let reply = Self.reply(answer(question), to: query, questionEnd: end)
                _ = withUnsafePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(descriptor, reply, reply.count, 0, $0, size)
                    }
                }
            }
            close(descriptor)
        }.detach()
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private static func question(_ query: [UInt8]) -> (Question, end: Int) {
        var labels: [String] = []
        var index = 12
        while query[index] != 0 {
            let length = Int(query[index])
            labels.append(String(decoding: query[(index + 1)...(index + length)], as: UTF8.self))
            index += length + 1
        }
        let type = UInt16(query[index + 1]) << 8 | UInt16(query[index + 2])
        return (Question(name: labels.joined(separator: "."), type: type), index + 5)
    }

    private static func reply(_ answer: Answer, to query: [UInt8], questionEnd end: Int) -> [UInt8] {
        var records: [(port: UInt16, host: String)] = []
        var code: UInt8 = 0
        var garbage: [UInt8] = []
        switch answer {
        case .records(let list): records = list
        case .noName: code = 3
        case .garbage:
            // It announces a record that is not there.
            garbage = [0xC0, 0x0C, 0, 33]
        }
        let count = garbage.isEmpty ? UInt8(records.count) : 1
        var reply = Array(query[..<2]) + [0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0] + query[12..<end]
        for record in records {
            var data: [UInt8] = [0, 1, 0, 1, UInt8(record.port >> 8), UInt8(record.port & 255)]
            for label in record.host.split(separator: ".") { data += [UInt8(label.utf8.count)] + Array(label.utf8) }
            data.append(0)
            reply += [0xC0, 0x0C, 0, 33, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
        }
        return reply + garbage
    }
}

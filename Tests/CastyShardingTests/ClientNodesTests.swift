import CastyCore
import Testing

@testable import CastySharding

@Suite("A client's nodes")
struct ClientNodesTests {
    private let first = NodeAddress(host: "127.0.0.1", port: 1)
    private let second = NodeAddress(host: "127.0.0.1", port: 2)

    @Test("nodes take turns once they have answered, and only those")
    func turns() {
        var nodes = ClientNodes([first, second])
        #expect(nodes.next() == nil)
        #expect(nodes.due(at: .start) == [first, second])
        #expect(nodes.due(at: .start) == [])
        nodes.welcomed(by: second)
        #expect(nodes.next() == second)
        nodes.welcomed(by: first)
        #expect([nodes.next(), nodes.next(), nodes.next()] == [first, second, first])
    }

    @Test(
        "a lost node is asked again after a pause, a silent one after its patience, and the reason is known meanwhile")
    func again() {
        var nodes = ClientNodes([first, second])
        _ = nodes.due(at: .start)
        nodes.lost(first, "refused", at: .start)
        #expect(nodes.reasons == ["127.0.0.1:1: refused"])
        #expect(nodes.due(at: .start + .milliseconds(199)) == [])
        #expect(nodes.due(at: .start + .milliseconds(200)) == [first])
        #expect(nodes.due(at: .start + .seconds(1)) == [second])
        nodes.welcomed(by: first)
        #expect(nodes.reasons.count == 1)
    }

    @Test("a node that left a request unanswered is used again only when it has answered a hello")
    func doubt() {
        var nodes = ClientNodes([first])
        _ = nodes.due(at: .start)
        nodes.welcomed(by: first)
        nodes.doubt(first, at: .start + .seconds(5))
        #expect(nodes.next() == nil)
        #expect(nodes.due(at: .start + .seconds(5)) == [first])
        nodes.doubt(first, at: .start + .seconds(5))
        #expect(nodes.state(of: first) == .asked(since: .start + .seconds(5)))
    }
}

import CastyCore
import Testing

@testable import CastySharding

@Suite("A client's nodes")
struct ClientNodesTests {
    private let first = NodeAddress(host: "127.0.0.1", port: 1)
    private let second = NodeAddress(host: "127.0.0.1", port: 2)

    @Test("nodes take turns once they have answered, and only those")
    func turns() {
        var nodes = ClientNodes([first, second], SeededGenerator(seed: 1))
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
        var nodes = ClientNodes([first, second], SeededGenerator(seed: 1))
        _ = nodes.due(at: .start)
        nodes.lost(first, "refused", at: .start)
        #expect(nodes.reasons == ["127.0.0.1:1: refused"])
        #expect(nodes.due(at: .start + .milliseconds(139)) == [])
        #expect(nodes.due(at: .start + .milliseconds(200)) == [first])
        #expect(nodes.due(at: .start + .seconds(1)) == [second])
        nodes.welcomed(by: first)
        #expect(nodes.reasons.count == 1)
    }

    @Test("a node that left a request unanswered is used again only when it has answered a hello")
    func doubt() {
        var nodes = ClientNodes([first], SeededGenerator(seed: 1))
        _ = nodes.due(at: .start)
        nodes.welcomed(by: first)
        nodes.doubt(first, at: .start + .seconds(5))
        #expect(nodes.next() == nil)
        #expect(nodes.due(at: .start + .seconds(5)) == [first])
        nodes.doubt(first, at: .start + .seconds(5))
        #expect(nodes.state(of: first) == .asked(since: .start + .seconds(5)))
    }

    @Test("each further loss doubles the pause up to the longest, several signs of one are one, and a welcome ends it")
    func backsOff() {
        var nodes = ClientNodes([first], SeededGenerator(seed: 2))
        var (now, pauses) = (Instant.start, [Duration]())
        for _ in 1...6 {
            #expect(nodes.due(at: now) == [first])
            nodes.lost(first, "refused", at: now)
            nodes.lost(first, "refused", at: now)
            guard case .closed(let until) = nodes.state(of: first) else { return #expect(Bool(false), "it is lost") }
            pauses.append(until - now)
            now = until
        }
        for (pause, longest) in zip(pauses, [200, 400, 800, 1600, 2000, 2000].map { Duration.milliseconds($0) }) {
            #expect(pause <= longest && pause >= longest * 0.7, "\(pauses)")
        }
        nodes.welcomed(by: first)
        nodes.lost(first, "refused", at: now)
        #expect(nodes.due(at: now + .milliseconds(200)) == [first])
    }

    @Test("the requests with one key go through one node while it is open, and those of many keys through all")
    func keys() {
        let addresses = (1...3).map { NodeAddress(host: "127.0.0.1", port: $0) }
        var nodes = ClientNodes(addresses, SeededGenerator(seed: 3))
        #expect(nodes.node(for: 7) == nil)
        for address in addresses { nodes.welcomed(by: address) }
        #expect(Set((0..<30).map { nodes.node(for: $0) }).count == 3)
        let before = nodes.node(for: 7)
        #expect(before == addresses[1])
        nodes.lost(addresses[0], "reset", at: .start)
        #expect(nodes.node(for: 7) == before)
        nodes.lost(addresses[1], "reset", at: .start)
        #expect(nodes.node(for: 7) == addresses[2])
        nodes.welcomed(by: addresses[1])
        #expect(nodes.node(for: 7) == before)
    }

    @Test("a client is refused when every one of its nodes refuses it, and no sooner")
    func refusals() {
        var nodes = ClientNodes([first, second], SeededGenerator(seed: 4))
        nodes.lost(first, "wrong secret", refuses: true, at: .start)
        #expect(!nodes.allRefuse)
        nodes.lost(second, "wrong secret", refuses: true, at: .start)
        #expect(nodes.allRefuse)
        nodes.lost(second, "reset", at: .start)
        #expect(!nodes.allRefuse)
    }
}

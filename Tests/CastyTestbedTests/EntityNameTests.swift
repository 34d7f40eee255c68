import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastySharding
import CastyTestbed
import Synchronization
import Testing

@Suite("Ids of entities")
struct EntityNameTests {
    private func pair() throws -> TestCluster {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 9), settings: TestClusterSettings(), checkers: .all)
        try testbed.start([1, 2])
        try testbed.advance(until: testbed.now + .seconds(30)) {
            testbed.running.allSatisfy { $0.cluster.state.up.count == 2 }
        }
        return testbed
    }

    private func ask(_ testbed: TestCluster, _ entity: String, _ text: String, via: Int) throws -> Result<
        EntityReply, AskError
    > {
        let answer = Mutex<Result<EntityReply, AskError>?>(nil)
        let region = try #require(try testbed.node(via).regions[.counter])
        region.ask(
            entity, within: .seconds(5), { EntityCommand(number: 0, text: text, replyTo: $0) },
            completion: { (result: Result<EntityReply, AskError>) in answer.withLock { $0 = result } })
        try testbed.advance(until: testbed.now + .seconds(6)) { answer.withLock { $0 != nil } }
        return try #require(answer.withLock { $0 })
    }

    @Test("any text up to the bound names one entity, whichever node is asked")
    func names() throws {
        let testbed = try pair()
        defer { testbed.end() }
        let names = [
            "", " ", "a b", "/", "a/b/../c", "%2F", "$x", "ünïcödé", "漢字", "👩‍👩‍👧‍👦", "line\nbreak", "nul\0", "#?&=",
            "counter-1", String(repeating: "k", count: 1024), String(repeating: "ü", count: 1024),
        ]
        for name in names {
            for (via, expected) in [(1, "1"), (2, "2"), (1, "3")] {
                let answer = try ask(testbed, name, "add 1", via: via)
                #expect(answer == .success(EntityReply(expected)), "\"\(name.prefix(20))\" by n\(via)")
            }
            let hosts = testbed.running.filter { $0.sharding.hosts(name, type: "counter") }
            #expect(hosts.count == 1, "\"\(name.prefix(20))\"")
        }
        // Both nodes host some of them, so that both ways were taken.
        for node in testbed.running {
            #expect(names.contains { node.sharding.hosts($0, type: "counter") })
        }
    }

    @Test("an id that is too long is refused at once, by name of the reason, and counted", arguments: [2049, 65_536])
    func tooLong(bytes: Int) throws {
        let testbed = try pair()
        defer { testbed.end() }
        let before = testbed.now
        let answer = try ask(testbed, String(repeating: "x", count: bytes), "get", via: 1)
        guard case .failure(let error) = answer else {
            Issue.record("\(answer) came back")
            return
        }
        #expect(error.code == .failed)
        #expect(error.description.contains("an id has at most 2048 bytes, not \(bytes)"))
        #expect(testbed.now - before < .seconds(1))
        let losses = try testbed.node(1).system.losses.filter { $0.lossClass == .user }
        #expect(losses.map(\.reason) == [.undecodable])
        #expect(losses.map(\.count) == [1])
    }
}

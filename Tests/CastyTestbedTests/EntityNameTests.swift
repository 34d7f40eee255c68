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
    private func pair() throws -> Laboratory {
        let laboratory = Laboratory(world: SimulatedLabWorld(seed: 9), settings: LabSettings(), checkers: .all)
        try laboratory.start([1, 2])
        try laboratory.advance(until: laboratory.now + .seconds(30)) {
            laboratory.running.allSatisfy { $0.cluster.state.up.count == 2 }
        }
        return laboratory
    }

    private func ask(_ laboratory: Laboratory, _ entity: String, _ text: String, via: Int) throws -> Result<
        EntityReply, AskError
    > {
        let answer = Mutex<Result<EntityReply, AskError>?>(nil)
        let region = try #require(try laboratory.node(via).regions[.counter])
        region.ask(
            entity, within: .seconds(5), { EntityCommand(number: 0, text: text, replyTo: $0) },
            completion: { (result: Result<EntityReply, AskError>) in answer.withLock { $0 = result } })
        try laboratory.advance(until: laboratory.now + .seconds(6)) { answer.withLock { $0 != nil } }
        return try #require(answer.withLock { $0 })
    }

    @Test("any text up to the bound names one entity, whichever node is asked")
    func names() throws {
        let laboratory = try pair()
        defer { laboratory.end() }
        let names = [
            "", " ", "a b", "/", "a/b/../c", "%2F", "$x", "ünïcödé", "漢字", "👩‍👩‍👧‍👦", "line\nbreak", "nul\0", "#?&=",
            "counter-1", String(repeating: "k", count: 1024), String(repeating: "ü", count: 1024),
        ]
        for name in names {
            for (via, expected) in [(1, "1"), (2, "2"), (1, "3")] {
                let answer = try ask(laboratory, name, "add 1", via: via)
                #expect(answer == .success(EntityReply(expected)), "\"\(name.prefix(20))\" by n\(via)")
            }
            let hosts = laboratory.running.filter { $0.sharding.hosts(name, type: "counter") }
            #expect(hosts.count == 1, "\"\(name.prefix(20))\"")
        }
        // Both nodes host some of them, so that both ways were taken.
        for node in laboratory.running {
            #expect(names.contains { node.sharding.hosts($0, type: "counter") })
        }
    }

    @Test("an id that is too long is refused at once, by name of the reason, and counted", arguments: [2049, 65_536])
    func tooLong(bytes: Int) throws {
        let laboratory = try pair()
        defer { laboratory.end() }
        let before = laboratory.now
        let answer = try ask(laboratory, String(repeating: "x", count: bytes), "get", via: 1)
        guard case .failure(let error) = answer else {
            Issue.record("\(answer) came back")
            return
        }
        #expect(error.code == .failed)
        #expect(error.description.contains("an id has at most 2048 bytes, not \(bytes)"))
        #expect(laboratory.now - before < .seconds(1))
        let losses = try laboratory.node(1).system.losses.filter { $0.lossClass == .user }
        #expect(losses.map(\.reason) == [.undecodable])
        #expect(losses.map(\.count) == [1])
    }
}

import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed
import Testing

@testable import CastyCommand

@Suite("What came of a future")
struct ProspectTests {
    private static func outcome(_ line: String?, nodes: Int = 3) throws -> FutureOutcome {
        let (_, run) = try ScriptedFrontEnd.run(
            nodes: nodes, keepsRun: true, ["seek 5s"], ["spawn account-1..account-40"], ["seek 7s"])
        let change: ImmediateCommand? = try line.flatMap {
            if case .immediate(let command) = try Command.parse($0) { command } else { nil }
        }
        return try run.outcome(of: change, until: .start + .seconds(27)) { _ in }
    }

    @Test("without a change nothing is lost, and all shards serve all the time", .timeLimit(.minutes(10)))
    func same() throws {
        let outcome = try Self.outcome(nil)
        #expect(outcome.up == ["n1", "n2", "n3"])
        #expect(outcome.removed.isEmpty && outcome.gone.isEmpty && outcome.lost == 0 && outcome.moved == 0)
        #expect(outcome.service == .uninterrupted)
        #expect(outcome.entitiesBefore == 40 && outcome.entitiesAfter == 40)
        #expect(outcome.leaders == ["n1"] && outcome.coordinators == ["n1"])
        #expect(outcome.convergedSince == .start + .seconds(7))
    }

    @Test("a crash costs a node, entities, and the shards some time", .timeLimit(.minutes(10)))
    func crash() throws {
        let outcome = try Self.outcome("kill n1")
        #expect(outcome.up == ["n2", "n3"])
        #expect(outcome.gone == ["n1 killed"])
        #expect(outcome.removed.map(\.node) == ["n1"] && outcome.downed.map(\.node) == ["n1"])
        #expect(outcome.leaders == ["n2"] && outcome.coordinators == ["n2"])
        #expect(outcome.entitiesAfter < outcome.entitiesBefore)
        #expect(outcome.moved > 0)
        guard case .interrupted(let from, let to) = outcome.service else {
            Issue.record("\(outcome.service)")
            return
        }
        #expect(from == .start + .seconds(7))
        let removed = try #require(outcome.removed.first)
        #expect(to > removed.time)
        #expect(outcome.convergedSince.map { $0 > removed.time - .seconds(1) } == true)
    }

    @Test("a change that cannot be made is an error", .timeLimit(.minutes(10)))
    func impossible() {
        #expect(throws: TestClusterError.self) { try Self.outcome("kill n9") }
    }
}

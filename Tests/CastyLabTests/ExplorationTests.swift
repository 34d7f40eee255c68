import CastyLab
import CastyPrimitives
import CastyScenario
import Testing

@Suite("Exploring")
struct ExplorationTests {
    @Test("one seed makes one scenario, which prints as text that reads back as the same")
    func scenarios() throws {
        let exploration = Exploration(nodes: 4, time: .seconds(60))
        for seed in UInt64(1)...50 {
            let scenario = exploration.scenario(seed: seed)
            #expect(scenario == exploration.scenario(seed: seed))
            let read = try Scenario.parse(scenario.description, file: scenario.file)
            #expect(read.statements.map(\.command) == scenario.statements.map(\.command))
        }
        #expect(exploration.scenario(seed: 1).statements != exploration.scenario(seed: 2).statements)
    }

    @Test("every kind of fault comes up, and only those that were asked for")
    func families() {
        func verbs(_ families: [FaultFamily]) -> Set<Verb> {
            let exploration = Exploration(families: families)
            let statements = (UInt64(1)...30).flatMap { exploration.scenario(seed: $0).statements }
            return Set(statements.filter(Exploration.isFault).map(\.command.acting.verb))
        }
        #expect(verbs([.kill]) == [.kill, .restart])
        #expect(verbs([.freeze, .oneway]) == [.freeze, .thaw, .cut, .heal])
        #expect(verbs(FaultFamily.allCases).isSuperset(of: [.kill, .freeze, .cut, .link, .leave, .fault, .move]))
    }

    @Test("a failing scenario is shortened to the faults that it needs")
    func shrinking() {
        let scenario = Exploration(time: .seconds(100), families: [.kill, .freeze, .reset]).scenario(seed: 9)
        let kills = scenario.statements.filter { $0.command.acting.verb == .kill }
        var minimiser = Minimiser(runs: 500)
        let shrunk = minimiser.shrink(scenario) { candidate in
            candidate.statements.contains(kills[0]) && candidate.statements.contains(kills[1])
        }
        #expect(shrunk.statements.filter(Exploration.isFault) == Array(kills.prefix(2)))
    }

    @Test("a few seeds of short explorations find nothing", arguments: [UInt64(1), 2, 3])
    func clean(seed: UInt64) {
        let scenario = Exploration(nodes: 3, time: .seconds(20)).scenario(seed: seed)
        let finding = Finding.run(scenario, seed: seed)
        #expect(finding.failure == nil, "casty explore --nodes 3 --time 20s --from \(seed) --to \(seed)")
    }
}

import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed
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

    @Test("seeds draw sizes, strategies, seed lists, roles and nodes that join later, and every scenario reads back")
    func worlds() throws {
        let exploration = Exploration(time: .seconds(60))
        var sizes: Set<Int> = []
        var strategies: Set<Setting> = []
        var (joined, short, restricted, singletons, gentle) = (0, 0, 0, 0, 0)
        for seed in UInt64(1)...300 {
            let scenario = exploration.scenario(seed: seed)
            let read = try Scenario.parse(scenario.description, file: scenario.file)
            #expect(read.statements.map(\.command) == scenario.statements.map(\.command))
            let header = scenario.header
            let size = scenario.nodesStarted
            sizes.insert(size)
            if size > (header.nodes ?? 0) { joined += 1 }
            if !header.seeds.isEmpty {
                short += 1
                #expect(header.seeds.count < header.nodes ?? 0)
            }
            for setting in header.settings {
                switch setting {
                case .downing: strategies.insert(setting)
                case .accountRole(let role):
                    restricted += 1
                    let first = header.roles.filter { $0.key.number <= header.nodes ?? 0 }
                    #expect(first.values.contains { $0.contains(role) })
                case .singleton, .singletonRole: singletons += 1
                case .memory(let isOn): #expect(isOn)
                case .preset, .time, .threshold, .passivation, .whenUnstable, .remember, .accountState: break
                }
            }
            let verbs = Set(scenario.statements.filter(Exploration.isFault).map(\.command.acting.verb))
            if verbs.isSubset(of: [.leave, .restart, .move, .rebalance, .passivate, .drain, .undrain, .fault]) {
                gentle += 1
            }
        }
        #expect(sizes == Set(1...16))
        #expect(strategies.count == 5)
        #expect(joined > 50 && short > 50 && restricted > 30 && gentle > 0)
        #expect(singletons == 300)
    }

    @Test("a size that is fixed is drawn by every seed", arguments: [1, 2, 7])
    func fixedSize(nodes: Int) {
        for seed in UInt64(1)...40 {
            #expect(Exploration(nodes: nodes, time: .seconds(60)).scenario(seed: seed).nodesStarted == nodes)
        }
    }

    @Test("rules that an exploration cannot occasion are named, and no others")
    func rules() {
        #expect(Exploration(nodes: 5).notApplicable == ["L1"])
        #expect(Exploration(nodes: 1).notApplicable.contains("S2"))
        #expect(Exploration(nodes: 5, families: [.kill]).notApplicable == ["F5", "F7", "F8", "L1", "M12", "R6", "S7"])
        #expect(Exploration(nodes: 5, downing: .downAll).notApplicable == ["L1", "S8"])
    }

    @Test("every kind of fault comes up, and only those that were asked for")
    func families() {
        func verbs(_ families: [FaultFamily]) -> Set<Verb> {
            let exploration = Exploration(nodes: 5, families: families)
            let statements = (UInt64(1)...30).flatMap { exploration.scenario(seed: $0).statements }
            return Set(statements.filter(Exploration.isFault).map(\.command.acting.verb))
        }
        #expect(verbs([.kill]) == [.kill, .restart])
        #expect(verbs([.freeze, .oneway]) == [.freeze, .thaw, .cut, .heal])
        #expect(verbs(FaultFamily.allCases).isSuperset(of: [.kill, .freeze, .cut, .link, .leave, .fault, .move]))
    }

    @Test("a failing scenario is shortened to the faults that it needs")
    func shrinking() {
        let scenario = Exploration(nodes: 5, time: .seconds(100), families: [.kill, .freeze, .reset]).scenario(seed: 9)
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

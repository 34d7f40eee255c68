import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

@Suite("Sending entities to sleep by name")
struct PassivationByNameTests {
    @Test("an entity goes to sleep wherever it lives")
    func anywhere() throws {
        let commands = (1...12).map { "passivate account-\($0)\n" }.joined()
        let scenario = try Scenario.parse(
            """
            seed 7
            nodes 3
            expect members n1,n2,n3 up within 10s
            wait 500ms
            spawn account-1..account-12
            expect shards balanced within 20s
            wait 3s
            \(commands)wait 1s
            expect lost 0
            """, file: "sleep.casty")
        let asleep = Mutex<[String: Set<String>]>([:])
        let runner = ScenarioRunner(
            scenario, checkers: .all,
            hear: { event in
                guard event.kind == .entityPassivated, let entity = event.entity else { return }
                asleep.withLock { _ = $0[event.node, default: []].insert(entity) }
            })
        #expect(runner.run().status == .passed)
        let nodes = asleep.withLock { $0 }
        #expect(nodes.count == 3, "all three nodes had entities to send to sleep")
        #expect(nodes.values.reduce(0) { $0 + $1.count } == 12)
    }
}

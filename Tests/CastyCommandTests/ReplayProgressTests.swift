import CastyCore
import CastyInvariants
import CastyScenario
import Testing

@testable import CastyCommand

@Suite("The progress of a replay")
struct ReplayProgressTests {
    @Test("the line says how far the run is, and how fast")
    func line() {
        #expect(
            ReplayProgress.text("seed 7", .start + .seconds(34), of: .seconds(150), wallSeconds: 2)
                == "seed 7: running it once, 34 of about 150 s (22 %), 17 times real time")
        #expect(
            ReplayProgress.text("a.casty", .start + .seconds(34), of: .seconds(34), wallSeconds: 0)
                == "a.casty: running it once, 34 s, more than expected")
    }

    @Test("the length of a scenario is that of its waits, or its latest command")
    func length() throws {
        let script = try Scenario.parse("nodes 3\nwait 3s\nat +4s kill n2\nat 2s heal\nwait 2s\n", file: "x")
        #expect(ReplayProgress.length(of: script) == .seconds(7))
        #expect(ReplayProgress.length(of: try Scenario.parse("nodes 3\n", file: "x")) == .zero)
    }

    @Test("a run reports its time, and a seed that passes is called so")
    func finding() throws {
        let scenario = try Scenario.parse("nodes 2\nwait 3s\nexpect members n1,n2 up within 9s\n", file: "x")
        var times: [Instant] = []
        let finding = Finding.run(scenario, seed: 7) { times.append($0) }
        #expect(times.count >= 3 && times == times.sorted())
        #expect(
            ReplayCommand.passed(finding) == "seed 7 passed: no expectation and no invariant failed; it ends at 3.0")
    }

    @Test("each rule is of a family with a topic")
    func families() {
        let letters = Set(RuleFamilies.all.map(\.letter))
        for rule in InvariantChecks.ids { #expect(rule.first.map(letters.contains) == true, "\(rule)") }
        #expect(RuleFamilies.legend(of: ["S1", "M14", "S6"]) == "M membership · S sharding")
        #expect(RuleFamilies.legend(of: []) == nil)
    }
}

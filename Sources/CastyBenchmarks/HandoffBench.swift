import CastyCore
import CastyInvariants
import CastyTestbed

/// Moves the shards of a simulated cluster under load in every possible manner, without a fault, and counts lost
/// messages.
struct HandoffBench {
    static var cases: [BenchCase] { [BenchCase(.simulation, "handoffs", measure: measure)] }

    private static func measure(_ plan: BenchPlan) throws -> [Measurement] {
        let goal = plan.amount(20_000, quick: 1000)
        let started = Stopwatch()
        var reported = 0
        let outcome = try HandoffTrial(handoffs: goal).run { done in
            guard done >= reported + 1000 else { return }
            reported = done
            plan.progress("simulation: \(done) of \(goal) handoffs …")
        }
        let seconds = started.seconds
        for violation in outcome.violations.prefix(5) { plan.warn("\(violation)") }
        func count(_ name: String, _ value: Int, _ goal: Measurement.Goal? = nil) -> Measurement {
            Measurement(name: "handoffs, \(name)", unit: "", runs: [Double(value)], goal: goal)
        }
        return [
            count("done", outcome.handoffs, .atLeast(Double(goal))), count("given up", outcome.timedOut, .atMost(0)),
            count("messages", Int(outcome.sent)), count("messages lost", outcome.lost, .atMost(0)),
            count("messages doubled", outcome.doubled, .atMost(0)),
            count("messages out of order", outcome.outOfOrder, .atMost(0)),
            count("rules broken", outcome.violations.count, .atMost(0)),
            count("for balance", outcome.byReason[.rebalance] ?? 0),
            count("by command", outcome.byReason[.command] ?? 0),
            count("by draining", outcome.byReason[.drain] ?? 0), count("by leaving", outcome.byReason[.leaving] ?? 0),
            Measurement(name: "handoffs, virtual time", unit: "s/s", runs: [outcome.seconds / seconds]),
        ]
    }
}

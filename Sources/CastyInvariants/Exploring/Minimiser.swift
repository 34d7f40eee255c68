package import CastyScenario
import CastyTestbed

/// Shortens a failing scenario: removes faults that the failure does not need.
package struct Minimiser {
    /// The number of runs that may still be spent.
    package var runs: Int

    package init(runs: Int = 120) { self.runs = runs }

    /// The scenario without the faults that its failure does not need.
    ///
    /// Removes halves of the faults first, then ever smaller parts, down to single ones.
    ///
    /// - Parameter fails: Whether a scenario still fails in the same way.
    package mutating func shrink(_ scenario: Scenario, while fails: (Scenario) -> Bool) -> Scenario {
        var best = scenario
        var size = max(1, faults(best).count / 2)
        while runs > 0 {
            var start = 0
            var hasShrunk = false
            while start < faults(best).count, runs > 0 {
                let dropped = Set(faults(best).dropFirst(start).prefix(size))
                var candidate = best
                candidate.statements = best.statements.enumerated().filter { !dropped.contains($0.offset) }.map(
                    \.element)
                runs -= 1
                if fails(candidate) {
                    best = candidate
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size == 1 {
                if !hasShrunk { break }
            } else {
                size = max(1, size / 2)
            }
        }
        return best
    }

    private func faults(_ scenario: Scenario) -> [Int] {
        scenario.statements.indices.filter { Exploration.isFault(scenario.statements[$0]) }
    }
}

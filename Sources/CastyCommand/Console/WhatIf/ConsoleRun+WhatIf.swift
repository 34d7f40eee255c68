import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed

/// `what-if`: two copies of the run go on by themselves, tell what came of them, and end. The run itself only makes them.
extension ConsoleRun {
    func compare(_ whatIf: WhatIf, _ backend: any RunFrontEnd) {
        let now = testbed.now
        comparisons += 1
        let labels = whatIf.futures.map { $0.map { "\($0)" } ?? "as it is" }
        let end = now + whatIf.span
        let hypothesis = Hypothesis(
            number: comparisons, from: now, until: end, laterCommands: future.filter { $0.at <= end }.count,
            labels: labels)
        guard let index = backend.imagine(hypothesis) else { return }
        do {
            let outcome = try outcome(of: whatIf.futures[index], until: end) { backend.report($0, of: index) }
            backend.end(index, with: outcome)
        } catch {
            backend.end(index, refused: "what-if \(labels[index]): \(error)")
        }
    }

    /// Goes on until a time, after a change, and tells what came of it. Only for a run that ends then.
    ///
    /// - Throws: ``TestClusterError`` if the change cannot be made.
    func outcome(
        of change: ImmediateCommand?, until end: Instant, _ progress: (Instant) -> Void
    ) throws -> FutureOutcome {
        (watches, findings, goal) = ([], [], nil)
        release()
        var prospect = Prospect(testbed, player)
        if let change { try testbed.perform(change) }
        prospect.look(testbed)
        while testbed.now < end {
            let before = testbed.now
            advance(to: min(end, before + Self.tick), nil)
            prospect.look(testbed)
            progress(testbed.now)
            if endsEarly() || testbed.now == before { break }
        }
        return prospect.outcome(testbed, player)
    }
}

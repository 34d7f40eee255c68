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
            repeatsPast: whatIf.repeatsPast, labels: labels)
        guard let index = backend.imagine(hypothesis) else { return }
        do {
            let change = whatIf.futures[index]
            let past = try change?.fixedSetting.map { try repeatPast(with: $0) }
            var outcome = try outcome(of: past == nil ? change : nil, until: end) { backend.report($0, of: index) }
            outcome.past = past
            backend.end(index, with: outcome)
        } catch {
            backend.end(index, refused: "what-if \(labels[index]): \(error)")
        }
    }

    /// Runs again from the start up to now, with the same seed, script and commands but another setting. Only for a run
    /// that ends with its future.
    ///
    /// - Returns: How what happened relates to what really did.
    /// - Throws: ``TestClusterError`` if the cluster cannot be started with the setting.
    private func repeatPast(with setting: Setting) throws -> FutureOutcome.Past {
        let (now, real) = (testbed.now, recorder.events())
        (watches, findings, goal) = ([], [], nil)
        testbed.end()
        var plan = plan
        plan.settings.apply(setting)
        testbed = try Self.begin(plan, wakeup)
        player = Self.player(plan, testbed)
        future = (history.filter(\.isByHand) + future).sorted { $0.at < $1.at }
        history = []
        while testbed.now < now, !endsEarly() {
            release()
            let before = testbed.now
            advance(to: now, nil)
            // A note of the script that waits for the user does not stop a repetition.
            if testbed.now == before, !player.isHeld { break }
        }
        release()
        return PastComparison(real, recorder.events(), until: now).past
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

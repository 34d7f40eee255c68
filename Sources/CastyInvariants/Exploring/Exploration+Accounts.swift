import CastyCore
import CastyScenario

extension Exploration {
    /// How the accounts of a seed store their balance. It has a stream of its own, so that it changes nothing else of the
    /// seed.
    func accountState(seed: UInt64) -> AccountState {
        var generator = SeededGenerator(seed: seed).fork("explore/account-state")
        let draw = generator.unit()
        return draw < 0.5 ? .balance : draw < 0.75 ? .events : .durable
    }

    /// Commands with which accounts have themselves reminded during the phase of faults; none where they cannot be.
    func reminders(seed: UInt64) -> [Command] {
        guard accountState(seed: seed) != .balance else { return [] }
        var generator = SeededGenerator(seed: seed).fork("explore/reminders")
        var commands: [Command] = []
        var at = Duration.seconds(2)
        while at < time {
            at += .milliseconds(Int64(200 + generator.below(5000)))
            // One of those that start again in the end: what a crash has hidden shows then.
            guard at < time, let entity = EntityName("account-\(1 + generator.below(40))") else { continue }
            let seconds = generator.below(8) == 0 ? generator.below(90) : generator.below(15)
            commands.append(
                .at(
                    .sinceStart(at),
                    .immediate(.tell(Tell(.single(entity), "remind \(seconds) deposit \(1 + generator.below(9))")))))
        }
        return commands
    }
}

import CastyCore
import Logging
import Synchronization

extension ActorSystem {
    /// The shortest pause between two warnings of long turns.
    private static let longTurnPause = Duration.seconds(10)

    /// Warns of handlers that occupy a worker for more than a second.
    func watchLongTurns() { dispatcher.observeLongTurns { [link] in link.system?.warn(of: $0) } }

    private func warn(of turn: LongTurn) {
        longTurns.add(1, ordering: .relaxed)
        let now = now
        let isDue = state.withLock { state in
            if let last = state.lastLongTurn, now < last + Self.longTurnPause { return false }
            state.lastLongTurn = now
            return true
        }
        guard isDue else { return }
        let (user, system) = state.withLock { ($0.user, $0.system) }
        let found = [user, system].lazy.compactMap { $0.flatMap { self.actor(turn.runnable, under: $0) } }.first
        // If the turn has ended meanwhile, another actor may have been found at that address.
        let path = turn.isRunning() ? found?.pathText : nil
        log.warning(
            """
            \(path ?? "an actor"): one of its turns runs for \(turn.duration) already; a handler that blocks or \
            computes for long belongs on the dispatcher .blocking
            """)
    }

    private func actor(_ identity: UInt, under target: AnyActorCell) -> AnyActorCell? {
        if UInt(bitPattern: ObjectIdentifier(target)) == identity { return target }
        return target.livingChildren.lazy.compactMap { self.actor(identity, under: $0) }.first
    }
}

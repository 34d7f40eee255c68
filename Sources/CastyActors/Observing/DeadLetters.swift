import CastyCore
public import CastyObservability
import Synchronization

extension ActorSystem {
    /// Sends an actor of this node each message that this node loses from now on: users' messages and replies, not the
    /// runtime's own. The subscription ends with the actor.
    ///
    /// A report that the actor itself does not take, because its mailbox is full, is dropped.
    public func subscribeDeadLetters(_ ref: ActorRef<LostMessage>) {
        let isFirst = state.withLock { state -> Bool in
            guard !state.terminated, !state.deadLetters.contains(ref) else { return false }
            state.deadLetters.append(ref)
            defer { state.reportsLosses = true }
            return !state.reportsLosses
        }
        if isFirst { inspector.whenLost { [link] in link.system?.report($0) } }
    }

    /// Ends a subscription to dead letters.
    public func unsubscribeDeadLetters(_ ref: ActorRef<LostMessage>) {
        state.withLock { $0.deadLetters.removeAll { $0 == ref } }
    }

    private func report(_ loss: LostMessage) {
        guard loss.lossClass != .control else { return }
        let subscribers = state.withLock { $0.deadLetters }
        for subscriber in subscribers {
            // Offered and not told: what is refused must not be a loss, which would be reported again.
            _ = subscriber.target.offer(loss)
        }
        if subscribers.contains(where: { $0.target.isOver }) {
            state.withLock { $0.deadLetters.removeAll { $0.target.isOver } }
        }
    }
}

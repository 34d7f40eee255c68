import CastyCore
import Synchronization

// Messages that are handled before those of the mailbox: unstashed ones, and ticks for an asynchronous behavior.

extension ActorCell {
    /// Puts messages before the next one of the mailbox.
    ///
    /// They are not counted as accepted: positions of the mailbox's own messages stay what they were, so that a
    /// question knows whether it was handled.
    func putInFront(_ messages: [PostponedMessage<Message>]) {
        guard !messages.isEmpty else { return }
        let count = frontCount + messages.count
        // What it will be: the messages that were handled leave the batch, and these come into it.
        let consumed = consumed &+ UInt64(next) &- UInt64(messages.count)
        if let tracing = system.tracing { tracing.noteInFront(messages.map(\.context), after: consumed, for: uid) }
        let rest = batch.removeAll(from: next)
        for postponed in messages { batch.append(postponed.message) }
        for message in rest { batch.append(message) }
        unhandled.store(batch.count, ordering: .relaxed)
        needColdState().frontEnd = consumed &+ UInt64(count)
    }

    /// The number of such messages that are still to be handled.
    var frontCount: Int {
        guard let coldState else { return 0 }
        // The difference is negative once they are handled; the counters themselves may wrap around.
        return max(0, Int(truncatingIfNeeded: coldState.frontEnd &- consumed &- UInt64(next)))
    }
}

import CastyCore
public import Synchronization

/// What is due when the handlers of a batch have run.
@usableFromInline
enum BatchEnd<Message: Sendable> {
    case none
    /// The message is for an asynchronous handler.
    case waits(Message)
    /// The handler of the message returned another behavior than ``Behavior/same``.
    case follows(Behavior<Message>, Message)
    /// The handler of the message threw.
    case failed(any Error, Message)
}

extension ActorContext {
    /// Handles the actor's batch with a behavior that is lent, see ``ActorCell/handleBatch(_:)``.
    ///
    /// These functions are not inlined: what they are called with is their caller's, so the compiler counts no reference
    /// to the actor or its handler, for a batch or a message.
    ///
    /// - Parameters:
    ///   - left: The rest of the budget.
    ///   - end: Set where more is due than the messages.
    @inlinable @inline(never)
    func handleBatch(_ left: inout Int, _ end: inout BatchEnd<Message>, with lent: Behavior<Message>.Kind) {
        switch lent {
        case .handle(let handler): handleBatch(&left, &end, handler)
        case .receive(let receiver): handleBatch(&left, &end, receiver.onMessage)
        case .receiveAsync:
            left &-= 1
            end = .waits(target.takeNext())
        case .ignore, .same, .stopped, .unhandled, .empty, .setup, .supervised, .unstash, .dispatched, .awaiting:
            dropBatch(&left, with: lent)
        }
    }

    @inlinable @inline(never)
    func handleBatch(
        _ left: inout Int, _ end: inout BatchEnd<Message>,
        _ handler: @escaping (ActorContext<Message>, Message) throws -> Behavior<Message>
    ) {
        while !target.isBatchDone, left > 0 {
            // Before each message, not each batch: the process may have hung since the last one.
            if target.isHooked, !target.mayRun() { return }
            let message = target.takeNext()
            left &-= 1
            do {
                let following = try handler(self, message)
                guard case .same = following.kind else {
                    end = .follows(following, message)
                    return
                }
                if target.signalled.load(ordering: .relaxed) { return }
            } catch {
                end = .failed(error, message)
                return
            }
        }
    }

    /// Takes the messages of a behavior without a handler.
    @usableFromInline
    func dropBatch(_ left: inout Int, with lent: Behavior<Message>.Kind) {
        while !target.isBatchDone, left > 0 {
            let message = target.takeNext()
            left &-= 1
            if case .ignore = lent { continue }
            target.system.unhandled(message, by: target)
        }
    }
}

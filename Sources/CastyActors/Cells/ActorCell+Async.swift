import CastyCore

/// How an asynchronous handler has ended.
struct AsyncOutcome<Message: Sendable> {
    let message: Message
    let following: Result<Behavior<Message>, any Error>
}

extension ActorCell {
    /// Starts the asynchronous handler of the message that was taken last. The turn is over.
    @usableFromInline
    func beginAsync() {
        guard case .receiveAsync(let receiver) = behavior.kind else { return }
        let call = AsyncCall(cell: self, receiver: receiver, message: batch[next - 1])
        Task(executorPreference: system.tasks) { await call.run() }
    }

    /// Continues with what the handler returned. The actor has waited for this turn.
    @usableFromInline
    func endAsync() {
        isSuspended = false
        guard let outcome = coldState?.asyncOutcome else { return }
        coldState?.asyncOutcome = nil
        switch outcome.following {
        case .success(let following): become(following, after: outcome.message)
        case .failure(let error): fail(error, handling: outcome.message)
        }
    }
}

/// One call of an asynchronous handler.
///
/// `@unchecked Sendable` by design: while it runs its actor takes no turn, so the handler, the cell's state and the
/// context belong to it alone.
private struct AsyncCall<Message: Sendable>: @unchecked Sendable {
    let cell: ActorCell<Message>
    let receiver: AsyncReceiver<Message>
    let message: Message

    func run() async {
        let following: Result<Behavior<Message>, any Error>
        do {
            following = .success(try await receiver.onMessage(ActorContext(cell), message))
        } catch {
            following = .failure(error)
        }
        cell.needColdState().asyncOutcome = AsyncOutcome(message: message, following: following)
        cell.requestTurn()
    }
}

import CastyCore
import CastyObservability
public import Synchronization

/// A question that an actor has asked. Its outcome goes into the actor's mailbox as one message.
@usableFromInline
final class ActorAsk<Reply: Sendable, Message: Sendable>: PendingAsk<Reply>, @unchecked Sendable {
    // Both belong to what ends the question, and are released then: a receiver may keep the reference to it.
    @usableFromInline @exclusivity(unchecked) var asker: ActorCell<Message>?
    @usableFromInline @exclusivity(unchecked) var transform: (@Sendable (Result<Reply, AskError>) -> Message)?

    @usableFromInline
    init(
        asking question: AnyActorCell, for asker: ActorCell<Message>,
        pass: @escaping @Sendable (AnyActorCell, UnsafeRawPointer) -> Void,
        transform: @escaping @Sendable (Result<Reply, AskError>) -> Message
    ) {
        self.asker = asker
        self.transform = transform
        super.init(asking: question, in: asker.system, pass: pass)
    }

    /// Sends the actor its message.
    @inlinable
    func finish(_ result: Result<Reply, AskError>) {
        guard let asker, let transform else { return }
        self.asker = nil
        self.transform = nil
        asker.tell(transform(result))
    }

    override func failed(_ error: AskError) { finish(.failure(error)) }
}

/// A question of code that is no actor. Its outcome goes to a function.
final class CallbackAsk<Reply: Sendable>: PendingAsk<Reply>, @unchecked Sendable {
    // It belongs to what ends the question, and is released then.
    @exclusivity(unchecked) private var completion: (@Sendable (Result<Reply, AskError>) -> Void)?

    init(
        asking question: AnyActorCell, in system: ActorSystem,
        completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) {
        self.completion = completion
        super.init(asking: question, in: system) { cell, reply in
            unsafeDowncast(cell, to: CallbackAsk<Reply>.self)
                .finish(.success(reply.assumingMemoryBound(to: Reply.self).pointee))
        }
    }

    private func finish(_ result: Result<Reply, AskError>) {
        let completion = completion
        self.completion = nil
        completion?(result)
    }

    override func failed(_ error: AskError) { finish(.failure(error)) }
}

/// A question that a task waits for.
@usableFromInline
final class TaskAsk<Reply: Sendable>: PendingAsk<Reply>, @unchecked Sendable {
    @usableFromInline typealias Continuation = UnsafeContinuation<Void, Never>

    // Set before it begins to wait; then it belongs to what ends the question.
    @usableFromInline @exclusivity(unchecked) var continuation: Continuation?
    // Written by what ends the question, and read by the task afterwards.
    @usableFromInline @exclusivity(unchecked) var outcome: Result<Reply, AskError>?
    // Both sides change it once, and the second to do so resumes the task: a reply that comes while the task still asks
    // does not meet it halfway. The language's runtime would allow that, but no race detector sees how.
    @usableFromInline let phase = Atomic<UInt8>(Phase.asking)

    @usableFromInline
    enum Phase {
        @usableFromInline static var asking: UInt8 { 0 }
        @usableFromInline static var waiting: UInt8 { 1 }
        @usableFromInline static var finished: UInt8 { 2 }
    }

    @usableFromInline
    init(
        asking question: AnyActorCell, in system: ActorSystem,
        pass: @escaping @Sendable (AnyActorCell, UnsafeRawPointer) -> Void
    ) {
        super.init(asking: question, in: system, isWaiting: false, pass: pass)
    }

    /// Prepares to wait. Where the task was cancelled before, it is resumed at once.
    @usableFromInline
    func begin(_ continuation: Continuation) -> Bool {
        self.continuation = continuation
        if beginWaiting() { return true }
        finish(.failure(error(.cancelled)))
        return false
    }

    /// Ends the question.
    @usableFromInline
    func finish(_ result: Result<Reply, AskError>) {
        outcome = result
        if phase.exchange(Phase.finished, ordering: .acquiringAndReleasing) == Phase.waiting { resume() }
    }

    /// Waits for the end of the question; there may have been one.
    @usableFromInline
    func wait() {
        if phase.exchange(Phase.waiting, ordering: .acquiringAndReleasing) == Phase.finished { resume() }
    }

    private func resume() {
        let waiting = continuation
        continuation = nil
        waiting?.resume()
    }

    /// The result, after the task was resumed.
    @usableFromInline
    func takeOutcome() -> Result<Reply, AskError> {
        _ = phase.load(ordering: .acquiring)
        defer { outcome = nil }
        // Only the end of the question resumes the task.
        return outcome ?? .failure(error(.cancelled))
    }

    @usableFromInline
    func giveUp() { cancel() }

    override func failed(_ error: AskError) { finish(.failure(error)) }
}

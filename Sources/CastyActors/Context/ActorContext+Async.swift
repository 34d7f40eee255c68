import CastyCore
import Synchronization

extension ActorContext {
    /// Runs asynchronous code beside the actor. Its outcome arrives as one message to this actor.
    ///
    /// ```swift
    /// context.pipeToSelf({ try await prices.load() }) { .loaded($0) }
    /// ```
    ///
    /// The actor goes on with other messages meanwhile. If it stops, the outcome is a dead letter.
    ///
    /// - Parameters:
    ///   - operation: What to run. It may not use this context.
    ///   - transform: Makes this actor's message from the outcome.
    public func pipeToSelf<Value: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Value,
        _ transform: @escaping @Sendable (Result<Value, any Error>) -> Message
    ) {
        let me = self.`self`
        Task(executorPreference: system.tasks) {
            let outcome: Result<Value, any Error>
            do {
                outcome = .success(try await operation())
            } catch {
                outcome = .failure(error)
            }
            me.tell(transform(outcome))
        }
    }

    /// Asks another actor and waits for its reply, in a handler of ``Behavior/receiveAsync(_:)``.
    ///
    /// - Parameters:
    ///   - ref: Whom to ask.
    ///   - timeout: How long to wait.
    ///   - question: Makes the message from the reference that the reply goes to.
    /// - Throws: ``AskError``, at once where the actor or its node is known to be gone.
    public func ask<Other: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Other>, within timeout: Duration = .seconds(10),
        _ question: @Sendable (ActorRef<Reply>) -> Other
    ) async throws(AskError) -> Reply {
        try await system.ask(ref, within: timeout, question)
    }

    /// Sends this actor a message whenever it has received none for a time. Setting it again replaces it; a restart
    /// ends it.
    public func setReceiveTimeout(_ timeout: Duration, _ message: Message) {
        target.setReceiveTimeout(timeout, message)
    }

    /// Ends the receive timeout.
    public func cancelReceiveTimeout() { target.cancelReceiveTimeout() }
}

extension ActorSystem {
    /// Waits in the node's own time: while the node is frozen, so is the wait, and in the simulated runtime the time is
    /// virtual. `Task.sleep` knows neither.
    ///
    /// - Throws: `CancellationError`, at once when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        let sleeper = Sleeper()
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                sleeper.begin(continuation, world.scheduler, duration)
            }
        } onCancel: {
            sleeper.cancel()
        }
    }
}

/// A wait that ends once: by its timer, or cancelled.
private final class Sleeper: Sendable {
    private enum State {
        case new
        case waiting(UnsafeContinuation<Void, any Error>)
        case over
    }

    private let state = Mutex(State.new)

    func begin(_ continuation: UnsafeContinuation<Void, any Error>, _ scheduler: any Scheduler, _ duration: Duration) {
        let isCancelled = state.withLock { state in
            if case .over = state { return true }
            state = .waiting(continuation)
            return false
        }
        if isCancelled { return continuation.resume(throwing: CancellationError()) }
        _ = scheduler.schedule(after: duration) { self.take()?.resume() }
    }

    func cancel() { take()?.resume(throwing: CancellationError()) }

    private func take() -> UnsafeContinuation<Void, any Error>? {
        state.withLock { state in
            defer { state = .over }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
    }
}

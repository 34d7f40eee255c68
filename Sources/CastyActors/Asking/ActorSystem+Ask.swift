package import CastyCore
import CastyObservability
import Synchronization

extension ActorSystem {
    /// Asks an actor and calls back once, whether there is a tracer or not.
    ///
    /// - Returns: A function that cancels the question.
    func askUntraced<Message: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Message>, within timeout: Duration, _ question: (ActorRef<Reply>) -> Message,
        completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) -> @Sendable () -> Void {
        let ask = CallbackAsk<Reply>(asking: ref.target, in: self, completion: completion)
        ask.start(asking: ref.target, within: timeout, question)
        return { ask.cancel() }
    }

    /// Asks an actor and waits for its reply.
    ///
    /// ```swift
    /// let balance = try await system.ask(account, within: .seconds(1)) { .balance(replyTo: $0) }
    /// ```
    ///
    /// - Parameters:
    ///   - ref: Whom to ask.
    ///   - timeout: How long to wait.
    ///   - question: Makes the message from the reference that the reply goes to.
    /// - Throws: ``AskError``, at once where the actor or its node is known to be gone; its code is
    ///   ``AskError/Code/cancelled`` where the task was cancelled.
    @inlinable
    public func ask<Message: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Message>, within timeout: Duration = .seconds(10),
        _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws(AskError) -> Reply {
        if tracing != nil { return try await askInSpan(ref, within: timeout, question) }
        let ask = TaskAsk<Reply>(asking: ref.target, in: self) { cell, reply in
            unsafeDowncast(cell, to: TaskAsk<Reply>.self)
                .finish(.success(reply.assumingMemoryBound(to: Reply.self).pointee))
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                if ask.begin(continuation) { ask.start(asking: ref.target, within: timeout, question) }
                ask.wait()
            }
        } onCancel: {
            ask.giveUp()
        }
        return try ask.takeOutcome().get()
    }
}

extension AskError.Code {
    /// Why a question lost for this reason gets no reply.
    package init(_ reason: LossReason) {
        switch reason {
        case .mailboxFull, .bufferFull: self = .mailboxFull
        case .undecodable: self = .notDecodable
        case .entityFailed, .storeFailed, .unhandled: self = .failed
        case .noSuchActor, .lateReply: self = .noSuchActor
        case .wrongIncarnation: self = .nodeRemoved
        case .notHosted: self = .notHosted
        case .noHome: self = .noHome
        case .unreachable, .handoff, .wrongHome, .late, .notMember: self = .unreachable
        case .shutdown: self = .shutdown
        }
    }
}

extension ActorContext {
    /// Asks another actor. The outcome arrives as one message to this actor.
    ///
    /// - Parameters:
    ///   - ref: Whom to ask.
    ///   - timeout: How long to wait.
    ///   - question: Makes the message from the reference that the reply goes to.
    ///   - transform: Makes this actor's message from the reply, or from the reason why there is none.
    @inlinable
    public func ask<Other: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Other>, within timeout: Duration = .seconds(10), _ question: (ActorRef<Reply>) -> Other,
        _ transform: @escaping @Sendable (Result<Reply, AskError>) -> Message
    ) {
        if system.tracing != nil {
            let me = self.`self`
            system.ask(ref, within: timeout, question) { me.tell(transform($0)) }
            return
        }
        let ask = ActorAsk<Reply, Message>(
            asking: ref.target, for: target,
            pass: { cell, reply in
                unsafeDowncast(cell, to: ActorAsk<Reply, Message>.self)
                    .finish(.success(reply.assumingMemoryBound(to: Reply.self).pointee))
            }, transform: transform)
        ask.start(asking: ref.target, within: timeout, question)
    }
}

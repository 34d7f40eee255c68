package import CastyCore
import CastyObservability
import Synchronization

extension ActorSystem {
    /// Asks an actor and calls back once, with its reply or with the reason why there is none.
    ///
    /// - Returns: A function that cancels the question.
    @discardableResult
    package func ask<Message: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Message>, within timeout: Duration, _ question: (ActorRef<Reply>) -> Message,
        completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) -> @Sendable () -> Void {
        let pending = PendingAsk<Reply>(system: self, asking: ref.target, completion: completion)
        let uid = pending.address.uid
        guard askStarted(pending, uid: uid) else {
            pending.fail(
                AskError(.shutdown, asking: ref.target.address.description, because: "\(unique) has ended"))
            return {}
        }
        let replyTo = ActorRef(ActorCell<Reply>(system: self, route: pending, uid: uid, traffic: .reply))
        let message = question(replyTo)
        let describe = { @Sendable in ref.target.address.description }
        pending.start(
            timer: world.scheduler.schedule(after: timeout) {
                pending.fail(AskError(.timedOut, asking: describe(), after: "\(timeout)"))
            })
        let delivery = ref.target.offer(message, asking: pending)
        switch delivery {
        case .accepted, .acceptedIdle, .accounted: break
        case .refused(let reason):
            // If the refusing node has already failed the ask with its own reason, this call has no effect.
            pending.fail(AskError(AskError.Code(reason), asking: describe()))
            lose(message, to: ref.target, because: delivery)
        }
        return { pending.fail(AskError(.cancelled, asking: describe())) }
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
    public func ask<Message: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Message>, within timeout: Duration = .seconds(10),
        _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws(AskError) -> Reply {
        let cancellation = AskCancellation()
        let result: Result<Reply, AskError> = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                cancellation.set(
                    ask(ref, within: timeout, question) { (result: Result<Reply, AskError>) in
                        continuation.resume(returning: result)
                    })
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
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
    public func ask<Other: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Other>, within timeout: Duration = .seconds(10), _ question: (ActorRef<Reply>) -> Other,
        _ transform: @escaping @Sendable (Result<Reply, AskError>) -> Message
    ) {
        let me = self.`self`
        system.ask(ref, within: timeout, question) { result in me.tell(transform(result)) }
    }
}

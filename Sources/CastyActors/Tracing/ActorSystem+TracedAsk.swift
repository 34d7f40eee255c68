import CastyCore

extension ActorSystem {
    /// Asks an actor and calls back once, with its reply or with the reason why there is none. With a tracer, the
    /// question is a span.
    ///
    /// - Returns: A function that cancels the question.
    @discardableResult
    @usableFromInline
    package func ask<Message: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Message>, within timeout: Duration, _ question: (ActorRef<Reply>) -> Message,
        completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) -> @Sendable () -> Void {
        guard let tracer = tracing?.tracer else {
            return askUntraced(ref, within: timeout, question, completion: completion)
        }
        let span = tracer.begin(asking: ref.target.address.description)
        return tracer.run(in: span.context) {
            askUntraced(ref, within: timeout, question) { (result: Result<Reply, AskError>) in
                if case .failure(let error) = result { span.end(error) } else { span.end(nil) }
                completion(result)
            }
        }
    }

    /// Asks an actor and waits for its reply; the question is a span.
    @usableFromInline
    func askInSpan<Message: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Message>, within timeout: Duration, _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws(AskError) -> Reply {
        let span = tracing?.tracer.begin(asking: ref.target.address.description)
        let ask = TaskAsk<Reply>(asking: ref.target, in: self) { cell, reply in
            unsafeDowncast(cell, to: TaskAsk<Reply>.self)
                .finish(.success(reply.assumingMemoryBound(to: Reply.self).pointee))
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                defer { ask.wait() }
                guard ask.begin(continuation) else { return }
                tracing?.tracer.run(in: span?.context) { ask.start(asking: ref.target, within: timeout, question) }
            }
        } onCancel: {
            ask.giveUp()
        }
        let result = ask.takeOutcome()
        if case .failure(let error) = result { span?.end(error) } else { span?.end(nil) }
        return try result.get()
    }
}

public import CastyActors
public import CastyPlacement

extension ActorContext {
    /// Asks an entity, wherever it runs. The outcome arrives as one message to this actor.
    ///
    /// ```swift
    /// context.ask(carts, "cart-17", { .total(replyTo: $0) }) { .totalKnown($0) }
    /// ```
    ///
    /// - Parameters:
    ///   - region: The entity's type.
    ///   - entity: The entity's id.
    ///   - timeout: How long to wait at most.
    ///   - patience: Whether to wait while the entity cannot be reached; see ``AskPatience``.
    ///   - question: Makes the message from the reference that the reply goes to.
    ///   - transform: Makes this actor's message from the reply, or from the reason why there is none.
    public func ask<Other: Sendable, Reply: Sendable>(
        _ region: ShardRegion<Other>, _ entity: String, within timeout: Duration = .seconds(10),
        patience: AskPatience = .waitForNewHome, _ question: (ActorRef<Reply>) -> Other,
        _ transform: @escaping @Sendable (Result<Reply, AskError>) -> Message
    ) {
        let me = self.`self`
        region.ask(entity, within: timeout, patience: patience, question) { me.tell(transform($0)) }
    }

    /// Asks a singleton, wherever it runs. The outcome arrives as one message to this actor.
    ///
    /// - Parameters:
    ///   - singleton: Whom to ask.
    ///   - timeout: How long to wait at most.
    ///   - patience: Whether to wait while it cannot be reached; see ``AskPatience``.
    ///   - question: Makes the message from the reference that the reply goes to.
    ///   - transform: Makes this actor's message from the reply, or from the reason why there is none.
    public func ask<Other: Sendable, Reply: Sendable>(
        _ singleton: SingletonRef<Other>, within timeout: Duration = .seconds(10),
        patience: AskPatience = .waitForNewHome, _ question: (ActorRef<Reply>) -> Other,
        _ transform: @escaping @Sendable (Result<Reply, AskError>) -> Message
    ) {
        let me = self.`self`
        singleton.ask(within: timeout, patience: patience, question) { me.tell(transform($0)) }
    }
}

import CastyCore
import CastyObservability

/// A question whose message is made after the reference that its reply goes to: the message is decoded with that
/// reference in it.
package struct PreparedAsk<Message: Sendable>: Sendable {
    /// Sends the question; does nothing where it has ended already.
    package let send: @Sendable (Message) -> Void
    /// Ends the question, which fails as cancelled.
    package let cancel: @Sendable () -> Void
}

extension ActorSystem {
    /// Prepares to ask an actor. The time runs from this call on.
    ///
    /// - Parameters:
    ///   - ref: Whom to ask.
    ///   - timeout: How long to wait.
    ///   - completion: Called once, with the reply or the reason why there is none; from within this call where the
    ///     system has ended.
    /// - Returns: The reference that the reply goes to, and what sends the question.
    package func prepareAsk<Message: Sendable, Reply: Sendable>(
        _ ref: ActorRef<Message>, within timeout: Duration,
        completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) -> (reply: ActorRef<Reply>, ask: PreparedAsk<Message>) {
        let ask = CallbackAsk<Reply>(asking: ref.target, in: self, completion: completion)
        _ = ask.register(within: timeout)
        let prepared = PreparedAsk<Message>(
            send: { message in if !ask.isOver { ask.put(message, to: ref.target) } }, cancel: { ask.cancel() })
        return (ActorRef(ask), prepared)
    }

    /// A reference that only names an address of this system: messages to it become dead letters.
    package func placeholder<Message: Sendable>(at path: [String]) -> ActorRef<Message> {
        let address = ActorAddress(system: name, node: self.address, path: path, uid: 1)
        return ActorRef(
            RouteCell(system: self, route: DeadRoute<Message>(address: address), uid: address.uid, traffic: .user))
    }
}

extension PendingAsk {
    /// Sends the question, which waits already.
    fileprivate func put<Message: Sendable>(_ message: Message, to target: MessageCell<Message>) {
        switch target.offer(message, asking: self) {
        case .accepted, .acceptedIdle, .accounted: break
        case let refusal:
            refused(refusal)
            system.lose(message, to: target, because: refusal)
        }
    }
}

import CastyCore
public import CastyObservability

extension ActorSystem {
    /// Records a message that could not be delivered in the loss ledger.
    @usableFromInline
    package func lose<Message: Sendable>(_ message: Message, to target: AnyActorCell, because delivery: Delivery) {
        guard case .refused(let reason) = delivery else { return }
        var traffic = target.traffic
        if let own = message as? any LossClassified {
            guard let lossClass = own.lossClass else { return }
            traffic = lossClass
        }
        // The runtime's own messages and replies contain no user's question.
        if traffic == .user {
            Questions.fail(
                in: message, AskError.Code(reason),
                "\(target.address) did not take a \(String(describing: Message.self))")
        }
        inspector.lose(reason, traffic, target: target.address.description, type: String(describing: Message.self))
    }

    @usableFromInline
    func unhandled<Message: Sendable>(_ message: Message, by target: AnyActorCell) {
        inspector.lose(
            .unhandled, target.traffic, target: target.address.description, type: String(describing: Message.self))
    }

    /// The loss ledger of this node, by traffic and reason.
    public var losses: [LossEntry] { inspector.losses }
}

/// A message of the runtime that may carry a user message. It states its own loss class.
package protocol LossClassified: Sendable {
    /// The loss class of this message; `nil` where another component accounts for it.
    var lossClass: LossClass? { get }
}

extension LossClass {
    /// The loss class of messages to a path: the runtime's own actors are under `system`, asks that wait for replies
    /// under `temp`.
    package init(path: [String]) {
        switch path.first {
        case "system": self = .control
        case "temp": self = .reply
        default: self = .user
        }
    }
}

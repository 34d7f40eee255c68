public import CastyCore

/// How an attempt to deliver a message ended.
@usableFromInline
package enum Delivery: Sendable {
    /// It is in a mailbox, or on its way to another node.
    case accepted
    /// The mailbox was idle and has to be scheduled; only seen inside a mailbox.
    case acceptedIdle
    /// The actor has stopped, or never lived.
    case noSuchActor
    /// Another incarnation lives at the address.
    case wrongIncarnation
    /// The mailbox is bounded and full.
    case mailboxFull
    /// The way to the node is closed.
    case unreachable
    /// What waits for the node is as much as may wait.
    case bufferFull
    /// The message cannot be written for the wire.
    case undecodable
    /// The ask it answers is over.
    case lateReply
    /// Whoever refused it has already entered it in the loss ledger.
    case accounted
}

/// Where a target that is no local actor sends its messages: another node, an ask, an adapter, nowhere.
@usableFromInline
package protocol Route<Message>: AnyObject, Sendable {
    associatedtype Message: Sendable

    /// The address that the target shows.
    var address: ActorAddress { get }

    /// Takes a message.
    func deliver(_ message: Message) -> Delivery

    /// Takes a message of the runtime: a stop, a watch.
    func post(_ signal: SystemMessage)

    /// Whether nothing can arrive by it any more.
    var isOver: Bool { get }

    /// A question that is answered by this route has left for a node.
    func questionLeft(for node: NodeAddress)

    /// A question that is answered by this route will not be answered.
    func questionFailed(_ failure: AskFailure)
}

extension Route {
    package var isOver: Bool { false }

    package func questionLeft(for node: NodeAddress) {}

    package func questionFailed(_ failure: AskFailure) { post(.unanswered(failure.code, failure.reason)) }
}

/// A route to nowhere: every message becomes a dead letter.
package final class DeadRoute<Message: Sendable>: Route {
    package let address: ActorAddress
    private let reason: Delivery

    package init(address: ActorAddress, reason: Delivery = .noSuchActor) {
        self.address = address
        self.reason = reason
    }

    package func deliver(_ message: Message) -> Delivery { reason }

    package var isOver: Bool { true }

    package func post(_ signal: SystemMessage) {
        if case .watch(let watcher, let watched) = signal {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: .noSuchActor)))
        }
    }
}

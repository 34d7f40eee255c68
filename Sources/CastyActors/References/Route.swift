public import CastyCore

/// How an attempt to deliver a message ended.
@usableFromInline
package enum Delivery: Hashable, Sendable {
    /// It is in a mailbox, or queued for another node.
    case accepted
    /// The actor was idle and has to be scheduled. Never returned to callers of a cell.
    case acceptedIdle
    /// It will not be handled.
    case refused(LossReason)
    /// The component that refused it has already recorded it in the loss ledger.
    case accounted
}

/// Where a ``RouteCell`` sends its messages: another node, an adapter, or nowhere.
@usableFromInline
package protocol Route<Message>: AnyObject, Sendable {
    associatedtype Message: Sendable

    /// The address of the cell.
    var address: ActorAddress { get }

    /// Takes a message.
    func deliver(_ message: Message) -> Delivery

    /// Takes a message of the runtime, such as a watch.
    func post(_ signal: SystemMessage)

    /// Whether nothing can arrive over it any more.
    var isOver: Bool { get }

    /// The question whose reply takes this route was sent to a node.
    func questionLeft(for node: NodeAddress)

    /// The question whose reply takes this route will not be answered.
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
    private let reason: LossReason

    package init(address: ActorAddress, reason: LossReason = .noSuchActor) {
        self.address = address
        self.reason = reason
    }

    package func deliver(_ message: Message) -> Delivery { .refused(reason) }

    package var isOver: Bool { true }

    package func post(_ signal: SystemMessage) {
        if case .watch(let watcher, let watched) = signal {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: .noSuchActor)))
        }
    }
}

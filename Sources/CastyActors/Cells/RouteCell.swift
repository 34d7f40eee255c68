package import CastyCore
package import CastyObservability

/// A cell that passes its messages to a route: to another node, to an adapter, or nowhere.
package final class RouteCell<Message: Sendable>: MessageCell<Message>, @unchecked Sendable {
    package let route: any Route<Message>

    /// Creates the cell that references to a route lead to.
    package init(system: ActorSystem, route: any Route<Message>, uid: UInt64, traffic: LossClass) {
        self.route = route
        super.init(system: system, form: .route, uid: uid, traffic: traffic)
    }

    override package var address: ActorAddress { route.address }

    override func deliver(_ message: Message) -> Delivery { route.deliver(message) }

    override package func post(_ message: SystemMessage) { route.post(message) }

    override package var isOver: Bool { route.isOver }

    override package func questionLeft(for node: NodeAddress) { route.questionLeft(for: node) }

    override package func questionFailed(_ failure: AskFailure) { route.questionFailed(failure) }
}

package import CastyCore

/// What the references in a message are bound to where they may name actors of one node only, in place of the system
/// itself.
///
/// A peer that is no node of the cluster may have its questions answered, but not make a node send the answers to
/// another node.
package struct ConfinedReferences: ReferenceBinding {
    let system: ActorSystem
    let node: NodeAddress

    package init(_ system: ActorSystem, to node: NodeAddress) {
        self.system = system
        self.node = node
    }

    /// A reference to an actor of the node; `nil` for an actor of another one.
    package func reference<Message: Sendable>(to address: ActorAddress, as type: Message.Type) -> ActorRef<Message>? {
        address.node == node ? system.reference(to: address, as: type) : nil
    }
}

package import CastyCore

/// What the references in a message are bound to where not every actor may be named, in place of the system itself.
package protocol ReferenceBinding: Sendable {
    /// A reference to the actor at an address; `nil` where the message may not name it.
    func reference<Message: Sendable>(to address: ActorAddress, as type: Message.Type) -> ActorRef<Message>?
}

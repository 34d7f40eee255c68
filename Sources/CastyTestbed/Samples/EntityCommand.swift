package import CastyActors

/// A text command to a sample entity: `deposit 100`.
package struct EntityCommand: Codable, Sendable {
    /// The number by which the testbed tracks the command; unique in a run.
    package let number: UInt64
    /// The command.
    package let text: String
    /// The actor that waits for the answer.
    package let replyTo: ActorRef<EntityReply>?

    package init(number: UInt64, text: String, replyTo: ActorRef<EntityReply>? = nil) {
        self.number = number
        self.text = text
        self.replyTo = replyTo
    }

    /// A command of an entity to itself, which no one tracks.
    init(own text: String) { self.init(number: 0, text: text) }

    /// Whether the entity has sent it to itself.
    var isOwn: Bool { number == 0 }
}

/// A sample entity's answer.
package struct EntityReply: Codable, Sendable, Hashable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

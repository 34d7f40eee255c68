package import CastyActors

/// A command to a sample entity, in words: `deposit 100`.
package struct EntityCommand: Codable, Sendable {
    /// The number by which the testbed follows it; unique in a run.
    package let number: UInt64
    /// The command.
    package let text: String
    /// Who waits for the answer.
    package let replyTo: ActorRef<EntityReply>?

    package init(number: UInt64, text: String, replyTo: ActorRef<EntityReply>? = nil) {
        self.number = number
        self.text = text
        self.replyTo = replyTo
    }
}

/// What a sample entity answers.
package struct EntityReply: Codable, Sendable, Hashable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

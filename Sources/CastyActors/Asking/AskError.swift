/// Why an ask got no answer.
public struct AskError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Code: String, Sendable, CaseIterable {
        case timedOut = "timed out"
        case noSuchActor = "no such actor"
        case unreachable = "node unreachable"
        case mailboxFull = "mailbox full"
        case cancelled
        /// The actor failed while it handled the question, or before it could.
        case failed
    }

    /// What happened.
    public let code: Code
    /// For a person: whom it was asked, and what happened.
    public let description: String

    package init(_ code: Code, asking target: String, after waited: String? = nil, because reason: String? = nil) {
        self.code = code
        description =
            "asking \(target): \(code.rawValue)" + (waited.map { " after \($0)" } ?? "")
            + (reason.map { ": \($0)" } ?? "")
    }
}

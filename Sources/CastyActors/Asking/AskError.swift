/// Why an ask got no answer.
public struct AskError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Code: String, Sendable, CaseIterable {
        case timedOut = "timed out"
        case noSuchActor = "no such actor"
        case unreachable = "node unreachable"
        case mailboxFull = "mailbox full"
        case cancelled
    }

    /// What happened.
    public let code: Code
    /// For a person: whom it was asked, and what happened.
    public let description: String

    package init(_ code: Code, asking target: String, after waited: String? = nil) {
        self.code = code
        description = "asking \(target): \(code.rawValue)" + (waited.map { " after \($0)" } ?? "")
    }
}

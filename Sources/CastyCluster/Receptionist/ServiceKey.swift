public import CastyActors
public import CastyCore

/// What actors that offer the same service are registered under: a name, and the type of the messages they take.
///
/// ```swift
/// extension ServiceKey<PrintJob> {
///     static let printers = ServiceKey("printers")
/// }
/// ```
///
/// Two keys are the same service where name and message type are the same. The message type counts by the name that it
/// is registered under with the system's `TypeRegistry`, or by its Swift name where it is not registered, so that a
/// renamed type under its old name is still found.
public struct ServiceKey<Message: Sendable>: Hashable, Sendable {
    /// The name of the service.
    public let name: String

    /// Creates a key.
    ///
    /// - Parameters:
    ///   - name: The name of the service, not empty.
    ///   - message: The type of the messages that the actors take.
    public init(_ name: String, of message: Message.Type = Message.self) { self.name = name }
}

/// The actors that are registered under a key, as far as one node knows.
public struct ServiceListing<Message: Sendable>: Hashable, Sendable {
    /// The key.
    public let key: ServiceKey<Message>
    /// The actors on all members that are up or weakly up, by node and then by the order of their registration: the
    /// same order on all nodes.
    public let all: [ActorRef<Message>]
    /// Those of them on nodes that every member can reach.
    public let reachable: [ActorRef<Message>]
}

/// Why an actor was not registered.
public struct ReceptionistError: CastyError, Hashable {
    /// What is wrong.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// The actor runs on another node: it is registered there.
        case notLocal
        /// The name of the key is empty.
        case emptyName
        /// The actor's path and the key take too many bytes.
        case tooLarge
        /// The node has too many registrations already.
        case tooMany
        /// The node has no receptionist, because its system is stopping.
        case stopping
    }

    /// What is wrong.
    public let code: Code
    /// What is wrong, with names and limits.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

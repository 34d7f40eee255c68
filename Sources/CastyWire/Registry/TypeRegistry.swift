import Synchronization

/// The message types that may arrive from another node, each under a stable name.
public final class TypeRegistry: Sendable {
    /// Creates an empty registry.
    public init() {}

    /// Registers a `Codable` message type.
    public func register<Message: Codable & Sendable>(_ type: Message.Type, name: String) throws(RegistrationError) {}

    package func register<Message: Sendable>(
        _ type: Message.Type, name: String, codec: MessageCodec<Message>
    ) throws(RegistrationError) {}

    package func find<Message: Sendable>(_ type: Message.Type) -> RegisteredType<Message>? { nil }
    package func find(named name: String) -> AnyRegisteredType? { nil }
}

/// Why a message type was not registered.
public struct RegistrationError: Error, Sendable, Equatable {
    /// What is wrong.
    public enum Code: Sendable, Hashable {
        /// The name belongs to another type.
        case nameTaken
        /// The type has another name already.
        case typeTaken
        /// The name is empty, too long, or holds a control character.
        case invalidName
    }

    /// What is wrong.
    public let code: Code
    /// The same in words, with the names.
    public let message: String
}

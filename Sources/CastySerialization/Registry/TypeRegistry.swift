import Synchronization

/// The message types that may arrive from another node, each under a stable name.
///
/// Only registered types are decoded: a name from the wire is looked up here, and never turned into a type in any other
/// way. A message under another name is a dead letter.
///
/// ```swift
/// let registry = TypeRegistry()
/// try registry.register(Order.self, name: "shop.order")
/// ```
///
/// Names are part of the protocol between versions of a program: keep the name when the Swift type is renamed, and give
/// a type a new name when its old messages can no longer be read. A field that may be missing in older messages is an
/// `Optional`, or is read with `decodeIfPresent`; unknown fields are ignored.
public final class TypeRegistry: Sendable {
    private struct State {
        var byName: [String: AnyRegisteredType] = [:]
        var byType: [ObjectIdentifier: AnyRegisteredType] = [:]
    }

    private let state = Mutex(State())

    /// Creates an empty registry.
    public init() {}

    /// The names of all registered types, in the order of their UTF-8 bytes.
    public var names: [String] {
        state.withLock { Array($0.byName.keys) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Registers a message type; registering it again under the same name changes nothing.
    ///
    /// - Parameters:
    ///   - type: The type; it is encoded through its `Codable` conformance.
    ///   - name: A stable name, 1…255 bytes of UTF-8, without blanks and control characters.
    /// - Throws: ``RegistrationError`` if the name belongs to another type, the type has another name or another codec,
    ///   or the name is invalid.
    public func register<Message: Codable & Sendable>(
        _ type: Message.Type, name: String
    ) throws(RegistrationError) {
        try add(RegisteredType<Message>(name: name), String(reflecting: type))
    }

    /// Registers a message type with a hand-written codec.
    ///
    /// - Throws: As ``register(_:name:)`` does.
    package func register<Message: Sendable>(
        _ type: Message.Type, name: String, codec: MessageCodec<Message>
    ) throws(RegistrationError) {
        try add(RegisteredType(name: name, codec: codec), String(reflecting: type))
    }

    /// The registration of a type, or `nil`.
    package func find<Message: Sendable>(_ type: Message.Type) -> RegisteredType<Message>? {
        let found = state.withLock { $0.byType[ObjectIdentifier(type)] }
        return found as? RegisteredType<Message>
    }

    /// The registration under a name, or `nil`.
    package func find(named name: String) -> AnyRegisteredType? { state.withLock { $0.byName[name] } }

    private func add(_ new: AnyRegisteredType, _ type: String) throws(RegistrationError) {
        guard (1...255).contains(new.name.utf8.count), new.name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw RegistrationError(
                code: .invalidName, message: "a name has 1 to 255 bytes, none a blank or control: \(type)")
        }
        let problem: RegistrationError? = state.withLock { state in
            let sameName = state.byName[new.name]
            let sameType = state.byType[new.identifier]
            if let sameName, sameName.identifier != new.identifier {
                return RegistrationError(code: .nameTaken, message: "\(new.name) names another type than \(type)")
            }
            if let sameType, sameType.name != new.name {
                return RegistrationError(
                    code: .typeTaken, message: "\(type) is registered as \(sameType.name), not \(new.name)")
            }
            if let sameType, sameType.isNative != new.isNative {
                return RegistrationError(code: .typeTaken, message: "\(type) is registered with another codec")
            }
            // The first registration stays, because other objects may already hold it.
            if sameType == nil {
                state.byName[new.name] = new
                state.byType[new.identifier] = new
            }
            return nil
        }
        if let problem { throw problem }
    }
}

/// Why a message type was not registered.
public struct RegistrationError: Error, Sendable, Equatable {
    /// What is wrong.
    public enum Code: Sendable, Hashable {
        /// The name belongs to another type.
        case nameTaken
        /// The type has another name, or another codec.
        case typeTaken
        /// The name is empty, too long, or holds a blank or a control character.
        case invalidName
    }

    /// What is wrong.
    public let code: Code
    /// The reason in words, with the names.
    public let message: String
}

extension RegistrationError: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String { message }
}

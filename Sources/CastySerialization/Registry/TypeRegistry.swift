public import CastyCore
import Synchronization

/// The names under which message types travel between nodes.
///
/// A type needs no registration: it has the name of the Swift type, ``defaultName(of:)``, and becomes known when this
/// node first sends it to another one. Register a type before that to pin another name:
///
/// ```swift
/// try types.register(Order.self, name: "shop.order")
/// ```
///
/// Only known types are decoded: a name from the wire is compared with the type that the receiving actor takes, and
/// never turned into a type in any other way.
///
/// ## Changing a message between two versions
///
/// Nodes of both versions run side by side while a cluster is upgraded. The name of a type, not the Swift type, is what
/// they share: pin the name when the type is renamed or moves to another module, and give a type a new name when its
/// old messages can no longer be read. The rules are the same for JSON and the binary form:
///
/// | change | old reads new | new reads old |
/// |---|---|---|
/// | a field is added, `Optional` or read with `decodeIfPresent` | yes, ignores it | yes, `nil` or the default |
/// | a field is added, required | yes, ignores it | no |
/// | an `Optional` field is removed | yes, `nil` | yes, ignores it |
/// | a required field is removed | no | yes, ignores it |
/// | a field is renamed, with its old name in `CodingKeys` | yes | yes |
/// | a field is renamed otherwise | as if removed and added | as if removed and added |
/// | a wider integer type | yes, while the value fits | yes |
/// | another kind of type, such as a number that becomes text | no | no |
/// | a case is added to an enum | the other cases yes, the new one no | yes |
///
/// So add `Optional` fields first, and send a new case only when all nodes know it. Where a message cannot be read, its
/// asker gets an ``AskError`` at once that names the type, the field, and both nodes; a message that was not asked for
/// is counted as lost. The connection stays, and other messages are not affected.
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
        if let wire = type as? any WireCodable.Type {
            // Called from generic code that knows only that the type is `Codable`.
            try add(RegisteredType<Message>(name: name, wire: wire), String(reflecting: type))
        } else {
            try add(RegisteredType<Message>(name: name), String(reflecting: type))
        }
    }

    /// Registers a message type that writes its own bytes.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - name: A stable name, 1…255 bytes of UTF-8, without blanks and control characters.
    /// - Throws: As for a `Codable` type.
    public func register<Message: WireCodable>(_ type: Message.Type, name: String) throws(RegistrationError) {
        try add(RegisteredType<Message>(name: name, wire: type), String(reflecting: type))
    }

    /// Registers a message type that writes its own bytes, and is `Codable` for other purposes.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - name: A stable name, 1…255 bytes of UTF-8, without blanks and control characters.
    /// - Throws: As for a `Codable` type.
    public func register<Message: WireCodable & Codable>(
        _ type: Message.Type, name: String
    ) throws(RegistrationError) {
        try add(RegisteredType<Message>(name: name, wire: type), String(reflecting: type))
    }

    /// Registers a message type with a hand-written codec.
    ///
    /// - Throws: As ``register(_:name:)`` does.
    package func register<Message: Sendable>(
        _ type: Message.Type, name: String, codec: MessageCodec<Message>
    ) throws(RegistrationError) {
        try add(RegisteredType(name: name, codec: codec), String(reflecting: type))
    }

    /// The registration of a type, or the one that it would get under its default name; `nil` where it cannot travel.
    ///
    /// Registers nothing: a user may still choose another name.
    package func find<Message: Sendable>(_ type: Message.Type) -> RegisteredType<Message>? {
        if let found = known(type) { return found }
        let name = Self.defaultName(of: type)
        guard Self.isValid(name), state.withLock({ $0.byName[name] == nil }) else { return nil }
        if let wire = type as? any WireCodable.Type { return RegisteredType<Message>(name: name, wire: wire) }
        return (type as? any Codable.Type).map { RegisteredType<Message>(name: name, codable: $0) }
    }

    /// The registration of a type, under its default name where it was not registered.
    ///
    /// - Throws: ``RegistrationError`` where the type is not `Codable`, or another type has its default name.
    package func registration<Message: Sendable>(
        of type: Message.Type
    ) throws(RegistrationError) -> RegisteredType<Message> {
        if let found = known(type) { return found }
        if let wire = type as? any WireCodable.Type {
            try add(RegisteredType<Message>(name: Self.defaultName(of: type), wire: wire), String(reflecting: type))
        } else if let codable = type as? any Codable.Type {
            try add(
                RegisteredType<Message>(name: Self.defaultName(of: type), codable: codable), String(reflecting: type))
        } else {
            throw RegistrationError(
                code: .notCodable, message: "\(String(reflecting: type)) is not Codable, so it stays on its node")
        }
        // Another thread may have registered the type first, under this name or under one that a user chose.
        guard let registered = known(type) else {
            throw RegistrationError(code: .typeTaken, message: "\(String(reflecting: type)) has another codec")
        }
        return registered
    }

    private func known<Message: Sendable>(_ type: Message.Type) -> RegisteredType<Message>? {
        state.withLock { $0.byType[ObjectIdentifier(type)] } as? RegisteredType<Message>
    }

    /// The registration under a name, or `nil`.
    package func find(named name: String) -> AnyRegisteredType? { state.withLock { $0.byName[name] } }

    private static func isValid(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    private func add(_ new: AnyRegisteredType, _ type: String) throws(RegistrationError) {
        guard Self.isValid(new.name) else {
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
public struct RegistrationError: CastyError, Hashable {
    /// What is wrong.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// The name belongs to another type.
        case nameTaken
        /// The type has another name, or another codec.
        case typeTaken
        /// The name is empty, too long, or holds a blank or a control character.
        case invalidName
        /// The type is not `Codable`.
        case notCodable
    }

    /// What is wrong.
    public let code: Code
    /// The reason in words, with the names.
    public let message: String
}

/// A user's message inside an envelope of the runtime that this node cannot read.
package struct UnreadableMessage: Error, Sendable, CustomStringConvertible {
    package let description: String

    /// - Parameters:
    ///   - name: The registered name of the message's type.
    ///   - receiver: The type of the entity that it is for, or the name of the singleton.
    ///   - error: Why it cannot be read.
    package init(_ name: String, of receiver: String, _ error: any Error) {
        description = "a \(name) for \(receiver): \(Self.explain(error))"
    }

    /// What is wrong with a message, in words: for the sender of another version, who has to find the field.
    package static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context): return "\(field(context.codingPath + [key])) is missing"
        case .typeMismatch(let type, let context):
            let name = field(context.codingPath)
            if context.debugDescription.hasPrefix(unknownCase) {
                return "\(name) is a case that this version does not know"
            }
            // The binary codec does not pass types as values, and says more in its text.
            return type == Any.self ? "\(name): \(context.debugDescription)" : "\(name) is no \(type)"
        case .valueNotFound(let type, let context):
            return "\(field(context.codingPath)) has no value, but is a \(type)"
        case .dataCorrupted(let context): return "\(field(context.codingPath)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }

    /// How the compiler's `init(from:)` of an enum begins its complaint about the name of a case.
    private static let unknownCase = "Invalid number of keys found"

    private static func field(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the message" : "the field \(keys.map(\.stringValue).joined(separator: "."))"
    }
}

public import CastyCore

/// A message with a hand-written binary form, which takes a fraction of the time of `Codable`.
///
/// ```swift
/// enum Cart: WireCodable {
///     case add(item: String, count: Int)
///     case list(replyTo: ActorRef<[String]>)
///
///     func encode(into writer: inout WireWriter) {
///         switch self {
///         case .add(let item, let count):
///             writer.write(case: 0)
///             writer.write(item)
///             writer.write(count)
///         case .list(let replyTo):
///             writer.write(case: 1)
///             writer.write(replyTo)
///         }
///     }
///
///     init(from reader: inout WireReader) throws(WireReadError) {
///         switch try reader.readCase() {
///         case 0: self = .add(item: try reader.readString(), count: try reader.readInt())
///         case 1: self = .list(replyTo: try reader.read())
///         case let other: throw .unknownCase(other)
///         }
///     }
/// }
/// ```
///
/// A type that conforms travels in this form whatever codec the nodes agree on, also if it is `Codable`. Its name is that
/// of any other message type, see ``TypeRegistry``.
///
/// ## Changing such a message
///
/// Fields have no names: the reader reads them in the order in which they were written. So only these changes keep old
/// and new nodes able to read each other: a field is added **at the end** of the message, and read only where
/// ``WireReader/isAtEnd`` is false; a case with a new number is added, which old nodes refuse. What follows the last field
/// is ignored. For any other change, and to add or remove this conformance, give the type a new name with
/// ``TypeRegistry/register(_:name:)``.
///
/// ## Bytes from a peer
///
/// `init(from:)` may be given any bytes. Each function of the reader checks them and throws, and none reserves memory that
/// the bytes do not fill. Throw for values that make no sense instead of trapping. Read a value that may contain itself
/// with ``WireReader/read(_:)``, which limits the depth to 32.
public protocol WireCodable: Sendable {
    /// Appends the fields.
    func encode(into writer: inout WireWriter)

    /// Reads what ``encode(into:)`` has written.
    ///
    /// - Throws: ``WireReadError`` where the bytes are not those of such a value.
    init(from reader: inout WireReader) throws(WireReadError)
}

/// Why bytes are not a value.
public struct WireReadError: CastyError, Hashable {
    /// What is wrong with the bytes.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// They end before the value does.
        case truncated
        /// They do not have the form of the value.
        case malformed
        /// A length is above its limit.
        case tooLarge
        /// Values are nested deeper than 32.
        case tooDeep
        /// The number of a case is not known, such as one that a later version has added.
        case unknownCase
    }

    /// What is wrong.
    public let code: Code
    /// The reason in words.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The number of a case that this version does not know.
    public static func unknownCase(_ number: Int) -> WireReadError {
        WireReadError(.unknownCase, "there is no case \(number)")
    }

    package init(_ error: WireError) {
        switch error.code {
        case .truncated: self.init(.truncated, error.message)
        case .tooLarge: self.init(.tooLarge, error.message)
        case .tooDeep: self.init(.tooDeep, error.message)
        case .malformed, .unsupportedVersion, .badChecksum, .unknownID, .duplicateID, .unsupportedCodec, .notEncodable:
            self.init(.malformed, error.message)
        }
    }
}

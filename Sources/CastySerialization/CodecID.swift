/// The codec of a message's payload.
///
/// The number is in the header of every message, so that a node can read what a node with another setting has written.
public struct CodecID: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// Creates the id of a number; not every number belongs to a known codec.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Readable JSON, keys in alphabetical order.
    public static let json = CodecID(rawValue: 1)
    /// Casty's compact binary form of `Codable`.
    public static let binary = CodecID(rawValue: 2)
    /// The hand-written codec of a message type.
    package static let native = CodecID(rawValue: 3)
}

extension CodecID: CustomStringConvertible {
    /// The name of the codec, or its number if it is unknown.
    public var description: String {
        switch self {
        case .json: "json"
        case .binary: "binary"
        case .native: "native"
        default: "codec-\(rawValue)"
        }
    }
}

import CastyCore
import CastyObservability
import CastySerialization

/// The form of a recording: a line that says what it is, then records. Each record has its length, a checksum of the
/// length, a checksum of the rest, its kind, and its content.
///
/// A recorder that is killed leaves a record without its end at most; anything else that does not fit is damage.
enum RecordingFormat {
    static let version = 1
    /// The beginning of the first line.
    static let mark = Array("casty recording ".utf8)
    /// The most bytes of a record.
    static let longest = 64 << 20
    /// The bytes of a record before its kind.
    static let prefix = 12

    enum Kind: UInt8 {
        case header = 1
        case moment, events
    }

    static var firstLine: [UInt8] { mark + Array("\(version)\n".utf8) }

    /// A record of a value.
    ///
    /// - Throws: What the encoding throws.
    static func record(_ kind: Kind, _ value: some Encodable) throws -> [UInt8] {
        let content = [kind.rawValue] + (try BinarySerializer().encode(value))
        guard content.count <= longest else { throw WireError(.tooLarge, "a record of \(content.count) bytes") }
        let length = bytes(of: UInt32(content.count))
        return length + bytes(of: CRC32C.checksum(of: length)) + bytes(of: CRC32C.checksum(of: content)) + content
    }

    /// Big-endian.
    static func bytes(of number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}

/// What a recording is of.
package struct RecordingHeader: Hashable, Sendable, Codable {
    /// The name of the cluster.
    package var cluster: String
    /// The addresses with which the observer began.
    package var addresses: [String]

    package init(cluster: String, addresses: [String]) {
        self.cluster = cluster
        self.addresses = addresses
    }
}

/// One moment in a recording: what is the same as in the moment before is absent.
struct MomentRecord: Codable {
    var time: Instant
    var names: [String]?
    var parts: [[UInt8]?]
    /// The values of the curves since the moment before.
    var curves: PhiHistory.Piece
}

/// Some events in a recording.
struct EventsRecord: Codable {
    var events: [RuntimeEvent]
    /// How many the observer has missed before these.
    var missed: UInt64
}

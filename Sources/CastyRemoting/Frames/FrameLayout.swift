import CastyCore

/// The bytes of a frame:
///
/// ```
/// 0   4  length: how many bytes follow these four, big-endian
/// 4   1  version
/// 5   1  kind
/// 6   1  flags: lane (1 bit), forms of target, sender and type (2 bits each), a zero
/// 7   1  codec
/// 8   4  CRC32C of all other bytes of the frame, big-endian
/// 12  …  correlation (varint), target, sender, type, then the payload up to the end
/// ```
///
/// A name (target, sender, type) is absent, a number, a number that is announced here with the name it stands for, or
/// the name itself. Numbers count from 1, per lane and direction, one series for addresses and one for types; each is
/// announced in turn.
package enum FrameLayout {
    static let version: UInt8 = 1
    /// The bytes up to and including the checksum.
    static let fixedSize = 12
    /// The smallest length a frame can announce: the fixed part after the length, and one byte of correlation.
    static let smallestLength = 9
}

/// How a name is written. The raw value is its two bits in the flags.
enum NameForm: UInt8 {
    case absent = 0
    case number = 1
    case announced = 2
    case inFull = 3
}

/// How one name of one frame is written.
struct NameReference {
    var form: NameForm
    /// Counted from 1; zero where the form has no number.
    var id: Int

    /// Whether the name is written as a number or not at all.
    var isShort: Bool {
        switch form {
        case .absent, .number: true
        case .announced, .inFull: false
        }
    }

    static let absent = NameReference(form: .absent, id: 0)
    static let inFull = NameReference(form: .inFull, id: 0)
}

extension ActorAddress {
    /// What an announced address costs of the bytes that a lane may announce. Both sides compute it alike.
    var announcementCost: Int {
        path.reduce(64 + system.utf8.count + node.host.utf8.count) { $0 + 16 + $1.utf8.count }
    }
}

extension String {
    /// The same cost for a type name.
    var announcementCost: Int { 16 + utf8.count }
}

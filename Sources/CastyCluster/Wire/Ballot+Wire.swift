import CastyCore
package import CastyMembership
package import CastySerialization
package import NIOCore

extension Ballot: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .question: buffer.writeInteger(1 as UInt8)
        case .candidacy: buffer.writeInteger(2 as UInt8)
        }
        buffer.writeVarint(round)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        switch try buffer.readByte() {
        case 1: self = .question(round: try buffer.readVarint())
        case 2: self = .candidacy(round: try buffer.readVarint())
        case let byte: throw WireError(.malformed, "\(byte) is no ballot")
        }
    }
}

extension VoteAnswer: NativeCodable {
    /// The longest pause, in milliseconds; a longer one is malformed.
    private static let longestPause = 3_600_000

    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .granted: buffer.writeInteger(1 as UInt8)
        case .later(let pause):
            buffer.writeInteger(2 as UInt8)
            let milliseconds = (pause.nanoseconds + 999_999) / 1_000_000
            buffer.writeVarint(UInt64(clamping: min(milliseconds, Int64(Self.longestPause))))
        case .givenTo(let address):
            buffer.writeInteger(3 as UInt8)
            address.encode(into: &buffer)
        case .knowsCluster: buffer.writeInteger(4 as UInt8)
        case .otherSeeds(let seeds):
            buffer.writeInteger(5 as UInt8)
            buffer.writeText(seeds)
        case .notAsked: buffer.writeInteger(6 as UInt8)
        case .noSeed: buffer.writeInteger(7 as UInt8)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        switch try buffer.readByte() {
        case 1: self = .granted
        case 2: self = .later(.milliseconds(try buffer.readVarint(upTo: Self.longestPause)))
        case 3: self = .givenTo(try NodeAddress(from: &buffer))
        case 4: self = .knowsCluster
        case 5: self = .otherSeeds(try buffer.readText(upTo: SharedSetting.longestValue))
        case 6: self = .notAsked
        case 7: self = .noSeed
        case let byte: throw WireError(.malformed, "\(byte) is no answer to a candidate")
        }
    }
}

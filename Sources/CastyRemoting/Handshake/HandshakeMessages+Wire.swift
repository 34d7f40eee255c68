import CastyCore
package import CastySerialization
package import NIOCore

/// The bytes of a handshake message: a magic number, a version, the fields of version 1, and the range of versions.
///
/// The version of a hello is the lowest that the caller speaks, that of a welcome the one chosen: a node from before
/// there were ranges reads what it expects there, and ignores what follows the fields it knows. A node that speaks
/// version 1 alone states no range. What follows the range belongs to later versions and is ignored. A refusal has the same layout in every version, so that a node of another version can read why it was refused.
extension HandshakeMessage {
    /// `CSTY`.
    static let magic: UInt32 = 0x4353_5459
    package var kind: FrameKind {
        switch self {
        case .hello: .hello
        case .welcome: .welcome
        case .refusal: .refusal
        }
    }

    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(Self.magic)
        switch self {
        case .hello(let hello):
            buffer.writeInteger(hello.versions.lowest)
            buffer.writeText(hello.cluster)
            hello.from.encode(into: &buffer)
            hello.to.encode(into: &buffer)
            buffer.writeInteger(hello.expected ?? 0)
            hello.capabilities.encode(into: &buffer)
            if hello.versions != .first { buffer.writeInteger(hello.versions.highest) }
        case .welcome(let welcome):
            buffer.writeInteger(welcome.version)
            buffer.writeText(welcome.cluster)
            welcome.from.encode(into: &buffer)
            welcome.to.encode(into: &buffer)
            welcome.capabilities.encode(into: &buffer)
            if welcome.versions != .first {
                buffer.writeInteger(welcome.versions.lowest)
                buffer.writeInteger(welcome.versions.highest)
            }
        case .refusal(let refusal):
            buffer.writeInteger(ProtocolVersions.first.lowest)
            buffer.writeInteger(refusal.reason.rawValue)
            buffer.writeText(refusal.message)
            buffer.writeOptional(refusal.from)
        }
    }

    /// Reads the payload of a frame.
    ///
    /// - Throws: ``WireError``, with ``WireError/Code/unsupportedVersion`` where it cannot be read and is of a version
    ///   above all that this program knows.
    package init(_ kind: FrameKind, from buffer: inout ByteBuffer) throws(WireError) {
        guard let magic = buffer.readInteger(as: UInt32.self), magic == Self.magic else {
            throw WireError(.malformed, "the peer does not speak this protocol")
        }
        guard let version = buffer.readInteger(as: UInt16.self) else { throw WireError(.truncated, "no version") }
        switch kind {
        case .hello:
            do throws(WireError) {
                self = .hello(try Self.hello(version, from: &buffer))
            } catch {
                throw Self.explained(version, error)
            }
        case .welcome:
            do throws(WireError) {
                self = .welcome(try Self.welcome(version, from: &buffer))
            } catch {
                throw Self.explained(version, error)
            }
        case .refusal:
            let reason = RefusalReason(rawValue: try buffer.readByte()) ?? .unknown
            let message = try buffer.readText(upTo: 255)
            self = .refusal(
                Refusal(reason: reason, message: message, from: try buffer.readOptional(UniqueAddress.self)))
        case .user, .reply, .control, .system, .acknowledgement, .ping, .goodbye:
            throw WireError(.malformed, "\(kind) is no part of a handshake")
        }
    }

    private static func hello(_ lowest: UInt16, from buffer: inout ByteBuffer) throws(WireError) -> Hello {
        let cluster = try buffer.readText(upTo: 255)
        let from = try UniqueAddress(from: &buffer)
        let to = try NodeAddress(from: &buffer)
        guard let expected = buffer.readInteger(as: UInt64.self) else { throw WireError(.truncated, "no incarnation") }
        let capabilities = try Capabilities(from: &buffer)
        let highest = buffer.readableBytes == 0 ? lowest : buffer.readInteger(as: UInt16.self)
        return Hello(
            versions: try range(lowest, highest), cluster: cluster, from: from, to: to,
            expected: expected == 0 ? nil : expected, capabilities: capabilities)
    }

    private static func welcome(_ chosen: UInt16, from buffer: inout ByteBuffer) throws(WireError) -> Welcome {
        let cluster = try buffer.readText(upTo: 255)
        let from = try UniqueAddress(from: &buffer)
        let to = try UniqueAddress(from: &buffer)
        let capabilities = try Capabilities(from: &buffer)
        var versions = ProtocolVersions(chosen, chosen)
        if buffer.readableBytes > 0 {
            guard let lowest = buffer.readInteger(as: UInt16.self) else { throw truncatedRange }
            versions = try range(lowest, buffer.readInteger(as: UInt16.self))
        }
        return Welcome(
            version: chosen, versions: versions, cluster: cluster, from: from, to: to, capabilities: capabilities)
    }

    private static func range(_ lowest: UInt16, _ highest: UInt16?) throws(WireError) -> ProtocolVersions {
        guard let highest else { throw truncatedRange }
        guard lowest <= highest else { throw WireError(.malformed, "protocol versions \(lowest) to \(highest)") }
        return ProtocolVersions(lowest, highest)
    }

    private static let truncatedRange = WireError(.truncated, "the range of versions is cut short")

    /// What to say of a message that cannot be read: in a later version that is no error.
    private static func explained(_ version: UInt16, _ error: WireError) -> WireError {
        guard version > ProtocolVersions.spoken.highest else { return error }
        return WireError(.unsupportedVersion, "\(version) or later")
    }
}

extension Capabilities: NativeCodable {
    /// Bits beyond these belong to later versions.
    private static let observeBit: UInt64 = 1
    private static let acceptsProbeConnectionsBit: UInt64 = 2
    private static let probeConnectionBit: UInt64 = 4
    private static let controlLaneBit: UInt64 = 8
    private static let userLaneBit: UInt64 = 16
    private static let readsContextsBit: UInt64 = 32
    private static let readsRepliesBit: UInt64 = 64

    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeArray(codecs) { buffer, codec in buffer.writeInteger(codec.rawValue) }
        let lane: UInt64 =
            switch lanes {
            case .both: 0
            case .control: Self.controlLaneBit
            case .user: Self.userLaneBit
            }
        buffer.writeVarint(
            (observe ? Self.observeBit : 0) | (acceptsProbeConnections ? Self.acceptsProbeConnectionsBit : 0)
                | (isProbeConnection ? Self.probeConnectionBit : 0) | (readsContexts ? Self.readsContextsBit : 0)
                | (readsReplies ? Self.readsRepliesBit : 0) | lane
        )
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let codecs = try buffer.readArray(upTo: 16) { buffer throws(WireError) in
            CodecID(rawValue: try buffer.readByte())
        }
        let bits = try buffer.readVarint()
        let lanes: ConnectionLanes =
            switch (bits & Self.controlLaneBit != 0, bits & Self.userLaneBit != 0) {
            case (true, false): .control
            case (false, true): .user
            case (false, false), (true, true): .both
            }
        self.init(
            codecs: codecs, observe: bits & Self.observeBit != 0,
            acceptsProbeConnections: bits & Self.acceptsProbeConnectionsBit != 0,
            isProbeConnection: bits & Self.probeConnectionBit != 0, readsContexts: bits & Self.readsContextsBit != 0,
            readsReplies: bits & Self.readsRepliesBit != 0, lanes: lanes)
    }
}

extension FrameEncoder {
    /// Appends a frame of the handshake.
    package mutating func encode(_ message: HandshakeMessage, into buffer: inout ByteBuffer) throws {
        try encode(FrameHeader(message.kind), into: &buffer) { message.encode(into: &$0) }
    }
}

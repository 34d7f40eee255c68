import CastyCore
package import CastyMembership
package import CastySerialization
package import NIOCore

extension ClusterMessage: NativeCodable {
    /// The number of each message on the wire. A number is never reused for another message.
    private enum Tag: UInt8 {
        case initJoin = 1
        case initJoinAck, initJoinNack, join, welcome, joinRefused, heartbeat, heartbeatAck, gossipStatus, gossipSeen
        case gossipEnvelope, exitingConfirmed, probeRequest, probe, probeAck, probeAnswer, gone, gossipSpread, gossipAck
        case unknownPeer, probeConnection, unknown, noCluster, clusterProbe, clusterAnswer, otherCluster
        case lastAcknowledged
    }

    package func encode(into buffer: inout ByteBuffer) { encode(into: &buffer, gossip: nil) }

    /// The state that this message carries, if it carries one.
    var gossip: Gossip? {
        switch self {
        case .welcome(let gossip), .gossipEnvelope(let gossip), .gossipSpread(let gossip, _): gossip
        case .initJoin, .noCluster, .initJoinAck, .initJoinNack, .join, .joinRefused, .heartbeat, .heartbeatAck,
            .unknown, .probeConnection,
            .gossipStatus, .gossipSeen, .gossipAck, .exitingConfirmed, .probeRequest, .probe, .probeAck, .probeAnswer,
            .gone, .unknownPeer, .clusterProbe, .clusterAnswer, .otherCluster, .lastAcknowledged:
            nil
        }
    }

    /// - Parameter bytes: The encoded state that the message carries, where it is encoded already.
    func encode(into buffer: inout ByteBuffer, gossip bytes: ByteBuffer?) {
        func state(_ gossip: Gossip) {
            if let bytes { buffer.writeImmutableBuffer(bytes) } else { gossip.encode(into: &buffer) }
        }
        func tag(_ tag: Tag) { buffer.writeInteger(tag.rawValue) }
        switch self {
        case .initJoin(let settings, let ballot):
            tag(.initJoin)
            buffer.writeArray(settings)
            ballot.encode(into: &buffer)
        case .noCluster(let round, let vote, let memory):
            tag(.noCluster)
            buffer.writeVarint(round)
            vote.encode(into: &buffer)
            buffer.writeOptional(memory)
        case .initJoinAck(let leader, let cluster):
            tag(.initJoinAck)
            buffer.writeOptional(leader)
            buffer.writeOptional(cluster)
        case .initJoinNack(let refusal):
            tag(.initJoinNack)
            refusal.encode(into: &buffer)
        case .join(let roles, let settings, let highest):
            tag(.join)
            buffer.writeArray(roles) { $0.writeText($1) }
            buffer.writeArray(settings)
            buffer.writeVarint(UInt64(highest))
        case .welcome(let gossip):
            tag(.welcome)
            state(gossip)
        case .joinRefused(let refusal):
            tag(.joinRefused)
            refusal.encode(into: &buffer)
        case .heartbeat(let sequence, let sentAt):
            tag(.heartbeat)
            buffer.writeVarint(sequence)
            sentAt.encode(into: &buffer)
        case .heartbeatAck(let sequence, let sentAt, let voters):
            tag(.heartbeatAck)
            buffer.writeVarint(sequence)
            sentAt.encode(into: &buffer)
            buffer.writeInteger(voters)
        case .unknown(let sequence, let sentAt):
            tag(.unknown)
            buffer.writeVarint(sequence)
            sentAt.encode(into: &buffer)
        case .probeConnection(let sequence, let sentAt):
            tag(.probeConnection)
            buffer.writeVarint(sequence)
            sentAt.encode(into: &buffer)
        case .gossipStatus(let digest, let seenDigest):
            tag(.gossipStatus)
            buffer.writeInteger(digest)
            buffer.writeInteger(seenDigest)
        case .gossipSeen(let digest, let seen):
            tag(.gossipSeen)
            buffer.writeInteger(digest)
            buffer.writeArray(seen)
        case .gossipEnvelope(let gossip):
            tag(.gossipEnvelope)
            state(gossip)
        case .gossipSpread(let gossip, let relay):
            tag(.gossipSpread)
            state(gossip)
            buffer.writeArray(relay)
        case .gossipAck(let digest, let seen):
            tag(.gossipAck)
            buffer.writeInteger(digest)
            buffer.writeArray(seen)
        case .exitingConfirmed: tag(.exitingConfirmed)
        case .probeRequest(let id, let subject):
            tag(.probeRequest)
            buffer.writeVarint(id)
            subject.encode(into: &buffer)
        case .probe(let id, let origin):
            tag(.probe)
            buffer.writeVarint(id)
            origin.encode(into: &buffer)
        case .probeAck(let id, let origin):
            tag(.probeAck)
            buffer.writeVarint(id)
            origin.encode(into: &buffer)
        case .probeAnswer(let id, let subject):
            tag(.probeAnswer)
            buffer.writeVarint(id)
            subject.encode(into: &buffer)
        case .gone: tag(.gone)
        case .unknownPeer: tag(.unknownPeer)
        case .clusterProbe(let number, let claim):
            tag(.clusterProbe)
            buffer.writeVarint(number)
            claim.encode(into: &buffer)
        case .clusterAnswer(let number, let claim, let yours):
            tag(.clusterAnswer)
            buffer.writeVarint(number)
            claim.encode(into: &buffer)
            yours.encode(into: &buffer)
        case .otherCluster(let addresses):
            tag(.otherCluster)
            buffer.writeArray(addresses)
        case .lastAcknowledged(let subject, let ago):
            tag(.lastAcknowledged)
            subject.encode(into: &buffer)
            // Rounded up it would say that the acknowledgement was earlier than it was.
            buffer.writeOptional(ago) { $0.writeVarint(UInt64(clamping: $1.nanoseconds / 1_000_000)) }
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let byte = try buffer.readByte()
        guard let tag = Tag(rawValue: byte) else { throw WireError(.malformed, "\(byte) is no cluster message") }
        switch tag {
        case .initJoin:
            let settings = try buffer.readArray(of: SharedSetting.self, upTo: 1024)
            self = .initJoin(settings: settings, ballot: try Ballot(from: &buffer))
        case .noCluster:
            let round: UInt64 = try buffer.readVarint()
            let vote = try VoteAnswer(from: &buffer)
            self = .noCluster(round: round, vote: vote, memory: try buffer.readOptional(RememberedCluster.self))
        case .initJoinAck:
            let leader = try buffer.readOptional(UniqueAddress.self)
            self = .initJoinAck(leader: leader, cluster: try buffer.readOptional(ClusterID.self))
        case .initJoinNack: self = .initJoinNack(try JoinRefusal(from: &buffer))
        case .join:
            let roles = try buffer.readArray(upTo: 256) { buffer throws(WireError) in try buffer.readText(upTo: 255) }
            let settings = try buffer.readArray(of: SharedSetting.self, upTo: 1024)
            self = .join(
                roles: roles, settings: settings, highest: UInt32(clamping: try buffer.readVarint() as UInt64))
        case .welcome: self = .welcome(try Gossip(from: &buffer))
        case .joinRefused: self = .joinRefused(try JoinRefusal(from: &buffer))
        case .heartbeat: self = .heartbeat(sequence: try buffer.readVarint(), sentAt: try Instant(from: &buffer))
        case .heartbeatAck:
            self = .heartbeatAck(
                sequence: try buffer.readVarint(), sentAt: try Instant(from: &buffer), voters: try buffer.readHash())
        case .unknown: self = .unknown(sequence: try buffer.readVarint(), sentAt: try Instant(from: &buffer))
        case .probeConnection:
            self = .probeConnection(sequence: try buffer.readVarint(), sentAt: try Instant(from: &buffer))
        case .gossipStatus:
            self = .gossipStatus(digest: try buffer.readHash(), seenDigest: try buffer.readHash())
        case .gossipSeen:
            self = .gossipSeen(
                digest: try buffer.readHash(), seen: try buffer.readArray(of: UniqueAddress.self, upTo: 65_536))
        case .gossipEnvelope: self = .gossipEnvelope(try Gossip(from: &buffer))
        case .gossipSpread:
            let gossip = try Gossip(from: &buffer)
            self = .gossipSpread(gossip, relay: try buffer.readArray(of: UniqueAddress.self, upTo: 65_536))
        case .gossipAck:
            self = .gossipAck(
                digest: try buffer.readHash(), seen: try buffer.readArray(of: UniqueAddress.self, upTo: 65_536))
        case .exitingConfirmed: self = .exitingConfirmed
        case .probeRequest:
            self = .probeRequest(id: try buffer.readVarint(), subject: try UniqueAddress(from: &buffer))
        case .probe: self = .probe(id: try buffer.readVarint(), origin: try UniqueAddress(from: &buffer))
        case .probeAck: self = .probeAck(id: try buffer.readVarint(), origin: try UniqueAddress(from: &buffer))
        case .probeAnswer:
            self = .probeAnswer(id: try buffer.readVarint(), subject: try UniqueAddress(from: &buffer))
        case .gone: self = .gone
        case .unknownPeer: self = .unknownPeer
        case .clusterProbe:
            self = .clusterProbe(number: try buffer.readVarint(), claim: try ClusterClaim(from: &buffer))
        case .clusterAnswer:
            self = .clusterAnswer(
                number: try buffer.readVarint(), claim: try ClusterClaim(from: &buffer),
                yours: try ClusterClaim(from: &buffer))
        case .otherCluster: self = .otherCluster(at: try buffer.readArray(of: NodeAddress.self, upTo: 64))
        case .lastAcknowledged:
            let subject = try UniqueAddress(from: &buffer)
            let milliseconds: UInt64? = try buffer.readBool() ? try buffer.readVarint() : nil
            // A hundred years, so that no peer's number overflows what is computed with it.
            self = .lastAcknowledged(
                subject: subject, ago: milliseconds.map { .milliseconds(Int64(min($0, 3_153_600_000_000))) })
        }
    }
}

extension SharedSetting: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeText(name)
        buffer.writeText(value)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(try buffer.readText(upTo: 255), try buffer.readText(upTo: Self.longestValue))
    }
}

extension JoinRefusal: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .notInitialised: buffer.writeInteger(1 as UInt8)
        case .goingAway: buffer.writeInteger(2 as UInt8)
        case .settingDiffers(let name, let cluster, let joiner):
            buffer.writeInteger(3 as UInt8)
            buffer.writeText(name)
            buffer.writeText(cluster)
            buffer.writeText(joiner)
        case .removed: buffer.writeInteger(4 as UInt8)
        case .wrongSeed(let address, let answer):
            buffer.writeInteger(5 as UInt8)
            address.encode(into: &buffer)
            buffer.writeText(answer)
        case .otherCluster(let remembered, let found):
            buffer.writeInteger(6 as UInt8)
            remembered.encode(into: &buffer)
            found.encode(into: &buffer)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        switch try buffer.readByte() {
        case 1: self = .notInitialised
        case 2: self = .goingAway
        case 3:
            self = .settingDiffers(
                name: try buffer.readText(), cluster: try buffer.readText(), joiner: try buffer.readText())
        case 4: self = .removed
        case 5: self = .wrongSeed(address: try NodeAddress(from: &buffer), answer: try buffer.readText())
        case 6: self = .otherCluster(remembered: try ClusterID(from: &buffer), found: try ClusterID(from: &buffer))
        case let byte: throw WireError(.malformed, "\(byte) is no refusal")
        }
    }
}

extension ByteBuffer {
    /// A hash: eight bytes, the highest first.
    mutating func readHash() throws(WireError) -> UInt64 {
        guard let value = readInteger(as: UInt64.self) else { throw WireError(.truncated, "a hash is cut short") }
        return value
    }
}

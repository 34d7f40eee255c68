package import CastyMembership
import CastyPrimitives
package import CastyWire
package import NIOCore

/// The most members, rows, tombstones or clock entries that one gossip may carry.
private let mostEntries = 65_536

extension Gossip: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeArray(members)
        buffer.writeArray(reachability)
        buffer.writeArray(tombstones)
        buffer.writeArray(version.entries) { buffer, entry in
            entry.node.encode(into: &buffer)
            buffer.writeVarint(entry.count)
        }
        buffer.writeArray(seen)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let members = try buffer.readArray(of: Member.self, upTo: mostEntries)
        let reachability = try buffer.readArray(of: ObserverRows.self, upTo: mostEntries)
        let tombstones = try buffer.readArray(of: Tombstone.self, upTo: mostEntries)
        let entries = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in
            VectorClock.Entry(node: try UniqueAddress(from: &buffer), count: try buffer.readVarint())
        }
        let seen = try buffer.readArray(of: UniqueAddress.self, upTo: mostEntries)
        self.init(
            members: members, reachability: reachability, tombstones: tombstones, version: VectorClock(entries),
            seen: seen)
    }
}

extension Member: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        node.encode(into: &buffer)
        buffer.writeInteger(status.rawValue)
        buffer.writeVarint(UInt64(upNumber ?? 0))
        buffer.writeArray(roles) { $0.writeText($1) }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let node = try UniqueAddress(from: &buffer)
        let status = try MemberStatus(from: &buffer)
        let number = try buffer.readVarint(upTo: Int(UInt32.max))
        let roles = try buffer.readArray(upTo: 256) { buffer throws(WireError) in try buffer.readText(upTo: 255) }
        self.init(node: node, status: status, upNumber: number == 0 ? nil : UInt32(number), roles: roles)
    }
}

extension MemberStatus {
    init(from buffer: inout ByteBuffer) throws(WireError) {
        let byte = try buffer.readByte()
        guard let status = MemberStatus(rawValue: byte) else {
            throw WireError(.malformed, "\(byte) is no member status")
        }
        self = status
    }
}

extension Tombstone: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        node.encode(into: &buffer)
        buffer.writeInteger(lastStatus.rawValue)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(node: try UniqueAddress(from: &buffer), lastStatus: try MemberStatus(from: &buffer))
    }
}

extension ObserverRows: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        observer.encode(into: &buffer)
        buffer.writeVarint(version)
        buffer.writeArray(rows) { buffer, row in
            row.subject.encode(into: &buffer)
            buffer.writeInteger(row.verdict.rawValue)
            buffer.writeOptional(row.witness)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let observer = try UniqueAddress(from: &buffer)
        let version = try buffer.readVarint()
        let rows = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in
            let subject = try UniqueAddress(from: &buffer)
            let byte = try buffer.readByte()
            guard let verdict = ReachabilityRow.Verdict(rawValue: byte) else {
                throw WireError(.malformed, "\(byte) is no verdict")
            }
            return ReachabilityRow(
                subject: subject, verdict: verdict, witness: try buffer.readOptional(UniqueAddress.self))
        }
        self.init(observer: observer, version: version, rows: rows)
    }
}

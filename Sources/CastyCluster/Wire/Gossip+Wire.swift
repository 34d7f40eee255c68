import CastyCore
package import CastyMembership
package import CastySerialization
package import NIOCore

/// The most members, rows, tombstones or clock entries that one gossip may carry.
private let mostEntries = 65_536
/// In milliseconds.
private let longestSilence = Int(Tombstone.longestSilence.nanoseconds / 1_000_000)

/// Encoded as a table of the nodes it mentions, and indices into that table: a node occurs in a gossip up to six times.
extension Gossip: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        let table = NodeTable(self)
        buffer.writeOptional(cluster)
        buffer.writeInteger(founding)
        buffer.writeArray(table.nodes)
        buffer.writeArray(members) { buffer, member in
            buffer.writeVarint(table.number(of: member.node))
            buffer.writeInteger(member.status.rawValue)
            buffer.writeVarint(UInt64(member.upNumber ?? 0))
            buffer.writeArray(member.roles) { $0.writeText($1) }
        }
        buffer.writeArray(reachability) { buffer, observer in
            buffer.writeVarint(table.number(of: observer.observer))
            buffer.writeVarint(observer.version)
            buffer.writeArray(observer.rows) { buffer, row in
                buffer.writeVarint(table.number(of: row.subject))
                buffer.writeInteger(row.verdict.rawValue)
                buffer.writeOptional(row.witness) { $0.writeVarint(table.number(of: $1)) }
            }
        }
        buffer.writeArray(tombstones) { buffer, tombstone in
            buffer.writeVarint(table.number(of: tombstone.node))
            buffer.writeInteger(tombstone.lastStatus.rawValue)
            buffer.writeVarint(tombstone.changes)
            buffer.writeVarint(UInt64(tombstone.silence.nanoseconds / 1_000_000))
        }
        buffer.writeArray(version.entries) { buffer, entry in
            buffer.writeVarint(table.number(of: entry.node))
            buffer.writeVarint(entry.count)
        }
        buffer.writeVarint(forgotten)
        buffer.writeVarint(UInt64(highestUpNumber))
        buffer.writeArray(seen) { $0.writeVarint(table.number(of: $1)) }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let cluster = try buffer.readOptional(ClusterID.self)
        let founding: UInt64 = try buffer.readHash()
        let nodes = try buffer.readArray(of: UniqueAddress.self, upTo: mostEntries)
        let members = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in
            let node = try buffer.readNode(nodes)
            let status = try MemberStatus(from: &buffer)
            let number = try buffer.readVarint(upTo: Int(UInt32.max))
            let roles = try buffer.readArray(upTo: 256) { buffer throws(WireError) in try buffer.readText(upTo: 255) }
            return Member(node: node, status: status, upNumber: number == 0 ? nil : UInt32(number), roles: roles)
        }
        let reachability = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in
            let observer = try buffer.readNode(nodes)
            let version = try buffer.readVarint()
            let rows = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in
                try ReachabilityRow(from: &buffer, nodes)
            }
            return ObserverRows(observer: observer, version: version, rows: rows)
        }
        let tombstones = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in
            Tombstone(
                node: try buffer.readNode(nodes), lastStatus: try MemberStatus(from: &buffer),
                changes: try buffer.readVarint(),
                silence: .milliseconds(try buffer.readVarint(upTo: longestSilence)))
        }
        let entries = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in
            VectorClock.Entry(node: try buffer.readNode(nodes), count: try buffer.readVarint())
        }
        let forgotten = try buffer.readVarint()
        let highest = UInt32(try buffer.readVarint(upTo: Int(UInt32.max)))
        let seen = try buffer.readArray(upTo: mostEntries) { buffer throws(WireError) in try buffer.readNode(nodes) }
        self.init(
            cluster: cluster, founding: founding, members: members, reachability: reachability, tombstones: tombstones,
            version: VectorClock(entries), forgotten: forgotten, highestUpNumber: highest, seen: seen)
    }
}

extension Gossip {
    /// The encoded size in bytes. Encodes the gossip to determine it.
    package var encodedSize: Int {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        return buffer.readableBytes
    }
}

/// All nodes that a gossip mentions, sorted, so that each can be referred to by its index.
private struct NodeTable {
    let nodes: [UniqueAddress]

    init(_ gossip: Gossip) {
        var all = gossip.members.map(\.node)
        for observer in gossip.reachability {
            all.append(observer.observer)
            for row in observer.rows {
                all.append(row.subject)
                if let witness = row.witness { all.append(witness) }
            }
        }
        all += gossip.tombstones.map(\.node) + gossip.version.entries.map(\.node) + gossip.seen
        all.sort()
        var unique: [UniqueAddress] = []
        for node in all where unique.last != node { unique.append(node) }
        nodes = unique
    }

    /// The index of a node of this gossip.
    func number(of node: UniqueAddress) -> Int {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle] < node { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension ByteBuffer {
    /// Reads an index and returns the node at that index of the table.
    fileprivate mutating func readNode(_ nodes: [UniqueAddress]) throws(WireError) -> UniqueAddress {
        let number = try readVarint(upTo: mostEntries)
        guard number < nodes.count else {
            throw WireError(.malformed, "\(number) is no index of a table of \(nodes.count)")
        }
        return nodes[number]
    }
}

extension ReachabilityRow {
    fileprivate init(from buffer: inout ByteBuffer, _ nodes: [UniqueAddress]) throws(WireError) {
        let subject = try buffer.readNode(nodes)
        let byte = try buffer.readByte()
        guard let verdict = Verdict(rawValue: byte) else { throw WireError(.malformed, "\(byte) is no verdict") }
        let witness = try buffer.readBool() ? try buffer.readNode(nodes) : nil
        self.init(subject: subject, verdict: verdict, witness: witness)
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

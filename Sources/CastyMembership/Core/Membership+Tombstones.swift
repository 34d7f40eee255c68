import CastyCore

struct TombstoneTime: Sendable {
    let node: UniqueAddress
    let learntAt: Instant
}

/// How long a cluster remembers which members were removed.
///
/// A tombstone prevents old gossip from bringing a removed member back. The leader forgets a tombstone only on a
/// version that all voting members have seen. From then on such gossip can only be in transit, or come from a node that
/// is not a member, whose gossip is ignored. So most tombstones could go soon; the configured time is a generous
/// margin. It is cut short in two cases, so that the state stays small however many members come and go:
///
/// - Another incarnation runs, or has run since, at the same address: of each address the latest removal is remembered.
/// - The tombstones take more bytes than the settings allow: then the oldest removals go first.
///
/// In both cases a tombstone stays for at least a minute, longer than a message can be in transit, unless the
/// tombstones take twice the allowed bytes. A node that hangs for longer than it is remembered holds no lease when it
/// wakes, and its heartbeats are answered with "unknown".
extension Membership {
    /// The least time that a tombstone stays.
    private static let leastMemory = Duration.seconds(60)

    /// The tombstones that the leader may forget now, sorted.
    func dueTombstones(at now: Instant) -> [UniqueAddress] {
        if tombstoneTimes.isEmpty { return [] }
        let least = min(settings.tombstones, Self.leastMemory)
        let boundsMemory = !settings.mutations.contains(.remembersAll)
        var due: [UniqueAddress] = []
        var kept: [TombstoneTime] = []
        for (index, time) in tombstoneTimes.enumerated() {
            let age = now - time.learntAt
            if age >= settings.tombstones || boundsMemory && age >= least && isSuperseded(index) {
                due.append(time.node)
            } else {
                kept.append(time)
            }
        }
        guard boundsMemory else { return due }
        var bytes = kept.reduce(0) { $0 + Self.bytes(of: $1.node) }
        guard bytes > settings.tombstoneBytes else { return due }
        kept.sort { $0.learntAt != $1.learntAt ? $0.learntAt < $1.learntAt : $0.node < $1.node }
        for time in kept {
            let isOld = now - time.learntAt >= least
            guard bytes > (isOld ? settings.tombstoneBytes : settings.tombstoneBytes * 2) else { break }
            bytes -= Self.bytes(of: time.node)
            due.append(time.node)
        }
        return due.sorted()
    }

    /// Whether a later incarnation at the same address is a member, or was removed later.
    private func isSuperseded(_ index: Int) -> Bool {
        let time = tombstoneTimes[index]
        let address = time.node.address
        let member = gossip.members.sortedIndex(of: address, by: \.node.address)
        if member < gossip.members.count, gossip.members[member].node.address == address { return true }
        func isLater(_ other: TombstoneTime) -> Bool {
            other.learntAt != time.learntAt ? other.learntAt > time.learntAt : other.node > time.node
        }
        var next = index + 1
        while next < tombstoneTimes.count, tombstoneTimes[next].node.address == address {
            if isLater(tombstoneTimes[next]) { return true }
            next += 1
        }
        var before = index - 1
        while before >= 0, tombstoneTimes[before].node.address == address {
            if isLater(tombstoneTimes[before]) { return true }
            before -= 1
        }
        return false
    }

    /// The most bytes that a tombstone takes on the wire: the node in the table, and its entry.
    private static func bytes(of node: UniqueAddress) -> Int { node.address.host.utf8.count + 31 }

    mutating func syncTombstones(at now: Instant) {
        let nodes = gossip.tombstones.map(\.node)
        if tombstoneTimes.count == nodes.count, tombstoneTimes.map(\.node) == nodes { return }
        tombstoneTimes = nodes.map { node in
            tombstoneTimes.sortedElement(of: node, by: \.node) ?? TombstoneTime(node: node, learntAt: now)
        }
    }
}

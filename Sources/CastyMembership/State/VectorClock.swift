public import CastyCore

/// How many changes of each node a state includes: the version of a gossip.
///
/// Source: C. Fidge 1988, F. Mattern 1989. Only a node itself increments its own entry, and only for a change of its
/// own. Taking over or merging the changes of others never ticks, so two nodes with the same knowledge hold the same
/// version. An entry of zero and no entry are the same.
public struct VectorClock: Hashable, Sendable, Codable {
    /// One node's count.
    public struct Entry: Hashable, Sendable, Codable {
        /// Whose changes are counted.
        public let node: UniqueAddress
        /// How many of them are included; at least 1.
        public var count: UInt64

        /// Creates an entry.
        public init(node: UniqueAddress, count: UInt64) {
            self.node = node
            self.count = count
        }
    }

    /// How two versions relate.
    public enum Order: Hashable, Sendable, Codable {
        /// Both include the same changes.
        case same
        /// The other one includes all of this one's changes, and more.
        case before
        /// This one includes all of the other one's changes, and more.
        case after
        /// Each includes a change that the other one lacks.
        case concurrent
    }

    /// The entries, sorted by node, none of them zero.
    public private(set) var entries: [Entry]

    /// Creates the version that includes no change.
    public init() { entries = [] }

    /// Creates a version from entries in any order; of two entries for one node the higher one counts, and zeros are
    /// dropped.
    public init(_ entries: [Entry]) {
        var clock = VectorClock()
        for entry in entries where entry.count > 0 { clock.raise(entry.node, to: entry.count) }
        self = clock
    }

    /// How many changes of a node are included.
    public subscript(node: UniqueAddress) -> UInt64 {
        entries.first { $0.node == node }?.count ?? 0
    }

    /// The number of changes included, of all nodes together: a short number of the version for display.
    public var total: UInt64 { entries.reduce(0) { $0 &+ $1.count } }

    /// Counts one more change of a node.
    public mutating func tick(_ node: UniqueAddress) {
        let (next, overflow) = self[node].addingReportingOverflow(1)
        raise(node, to: overflow ? .max : next)
    }

    /// Takes the higher count for every node.
    public mutating func merge(_ other: VectorClock) {
        var merged: [Entry] = []
        merged.reserveCapacity(max(entries.count, other.entries.count))
        mergeSorted(entries, other.entries, key: \.node) { left, right in
            switch (left, right) {
            case (let left?, let right?): merged.append(left.count >= right.count ? left : right)
            case (let left?, nil): merged.append(left)
            case (nil, let right?): merged.append(right)
            case (nil, nil): break
            }
        }
        entries = merged
    }

    /// Drops the entries of nodes that are gone.
    public mutating func drop(where isGone: (UniqueAddress) -> Bool) {
        entries.removeAll { isGone($0.node) }
    }

    /// How this version relates to another one.
    public func compare(_ other: VectorClock) -> Order {
        var isAhead = false
        var isBehind = false
        mergeSorted(entries, other.entries, key: \.node) { left, right in
            let (mine, theirs) = (left?.count ?? 0, right?.count ?? 0)
            if mine > theirs { isAhead = true }
            if mine < theirs { isBehind = true }
        }
        switch (isAhead, isBehind) {
        case (false, false): return .same
        case (false, true): return .before
        case (true, false): return .after
        case (true, true): return .concurrent
        }
    }

    private mutating func raise(_ node: UniqueAddress, to count: UInt64) {
        let index = entries.sortedIndex(of: node, by: \.node)
        if index < entries.count, entries[index].node == node {
            entries[index].count = max(entries[index].count, count)
        } else {
            entries.insert(Entry(node: node, count: count), at: index)
        }
    }
}

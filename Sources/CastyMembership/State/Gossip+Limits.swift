import CastyCore

extension Gossip {
    /// The most changes of one node that another one may have missed: no counter of a member grows so far between two
    /// messages. A counter near its maximum could not be counted on.
    static var mostMissed: UInt64 { 1 << 32 }
    /// The most up-numbers that may have been assigned between two messages.
    static var mostUpNumbersMissed: UInt32 { 1 << 20 }

    /// Why no member that keeps to the protocol can have this state, as far as a member with this one can tell; `nil`
    /// where it may be.
    ///
    /// All members know nearly the same state, so all refuse it alike.
    func problem(with theirs: Gossip) -> ImplausibleState? {
        if let cluster, let other = theirs.cluster, cluster != other { return .otherCluster }
        func jumps(_ mine: UInt64, _ theirs: UInt64) -> Bool { theirs > mine && theirs - mine > Self.mostMissed }
        for entry in theirs.version.entries where jumps(version[entry.node], entry.count) { return .counter }
        for observer in theirs.reachability {
            let mine = reachability.sortedElement(of: observer.observer, by: \.observer)
            if jumps(mine?.version ?? 0, observer.version) { return .counter }
        }
        for tombstone in theirs.tombstones {
            let mine = tombstones.sortedElement(of: tombstone.node, by: \.node)
            if jumps(mine?.changes ?? version[tombstone.node], tombstone.changes) { return .counter }
        }
        if jumps(forgotten, theirs.forgotten) { return .counter }
        let given = theirs.highestUpNumber
        if given > highestUpNumber, given - highestUpNumber > Self.mostUpNumbersMissed { return .upNumber }
        return nil
    }

    /// Replaces this node's rows by those that it has written itself, in a version above all that claim to be from it.
    mutating func restoreRows(_ mine: ObserverRows?, by observer: UniqueAddress) {
        let index = reachability.sortedIndex(of: observer, by: \.observer)
        let isListed = index < reachability.count && reachability[index].observer == observer
        let highest = max(isListed ? reachability[index].version : 0, mine?.version ?? 0)
        let rows = (mine?.rows ?? []).filter { hasMember($0.subject) }
        let restored = ObserverRows(observer: observer, version: highest &+ 1, rows: rows)
        if isListed { reachability[index] = restored } else { reachability.insert(restored, at: index) }
    }
}

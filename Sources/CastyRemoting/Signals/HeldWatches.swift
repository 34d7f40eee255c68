import CastyActors
import CastyCore

/// Which actors of this node the actors of one peer watch, so that their watches end with the peer.
struct HeldWatches: Sendable {
    struct Watch: Sendable {
        let watched: AnyActorCell
        /// Stands here for the watcher.
        let watcher: AnyActorRef
        fileprivate let order: UInt64
    }

    private struct Key: Hashable {
        let watcher: UInt64
        let watched: UInt64
    }

    private var watches: [Key: Watch] = [:]
    private var lastOrder: UInt64 = 0

    var count: Int { watches.count }

    mutating func insert(_ watcher: AnyActorRef, _ watched: AnyActorCell) {
        lastOrder += 1
        watches[Key(watcher: watcher.target.uid, watched: watched.uid)] = Watch(
            watched: watched, watcher: watcher, order: lastOrder)
    }

    mutating func remove(watcher: UInt64, watched: UInt64) {
        watches[Key(watcher: watcher, watched: watched)] = nil
    }

    /// Takes all out, in the order they were begun.
    mutating func removeAll() -> [Watch] {
        defer { watches = [:] }
        return watches.values.sorted { $0.order < $1.order }
    }
}

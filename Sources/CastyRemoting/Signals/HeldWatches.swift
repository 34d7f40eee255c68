import CastyActors
import CastyCore

/// The local actors that the actors of one peer watch. These watches end when the peer is gone.
struct HeldWatches: Sendable {
    struct Watch: Sendable {
        let watched: AnyActorCell
        /// Represents the watcher on this node.
        let watcher: AnyActorRef
        fileprivate let order: UInt64
    }

    private struct Key: Hashable {
        let watcher: UInt64
        let watched: UInt64
    }

    private var watches: [Key: Watch] = [:]
    private var lastOrder: UInt64 = 0

    /// About how many bytes one watch takes, here and at the watched actor.
    static let bytesOfOne = 512

    var count: Int { watches.count }
    var bytes: Int { watches.count * Self.bytesOfOne }

    mutating func insert(_ watcher: AnyActorRef, _ watched: AnyActorCell) {
        lastOrder += 1
        watches[Key(watcher: watcher.target.uid, watched: watched.uid)] = Watch(
            watched: watched, watcher: watcher, order: lastOrder)
    }

    mutating func remove(watcher: UInt64, watched: UInt64) {
        watches[Key(watcher: watcher, watched: watched)] = nil
    }

    /// Removes all watches and returns them in the order they were begun.
    mutating func removeAll() -> [Watch] {
        defer { watches = [:] }
        return watches.values.sorted { $0.order < $1.order }
    }
}

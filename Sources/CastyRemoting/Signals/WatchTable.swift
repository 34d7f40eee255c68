import CastyActors
import CastyPrimitives

/// Which actors of this node watch which of one peer's.
struct WatchTable: Sendable {
    struct Watch: Sendable {
        let watcher: AnyActorRef
        /// The watched actor, as the watcher knows it.
        let watched: AnyActorRef
        fileprivate let order: UInt64
    }

    private struct Key: Hashable {
        let watcher: UInt64
        let watched: ActorAddress
    }

    private var watches: [Key: Watch] = [:]
    private var lastOrder: UInt64 = 0

    var isEmpty: Bool { watches.isEmpty }

    mutating func insert(watcher: AnyActorRef, watched: AnyActorRef) {
        lastOrder += 1
        let key = Key(watcher: watcher.target.uid, watched: watched.address)
        watches[key] = Watch(watcher: watcher, watched: watched, order: lastOrder)
    }

    /// Takes a watch out, which makes its end known once.
    mutating func remove(watcher: UInt64, watched: ActorAddress) -> Watch? {
        watches.removeValue(forKey: Key(watcher: watcher, watched: watched))
    }

    /// Takes all out, in the order they were begun.
    mutating func removeAll() -> [Watch] {
        defer { watches = [:] }
        return watches.values.sorted { $0.order < $1.order }
    }
}

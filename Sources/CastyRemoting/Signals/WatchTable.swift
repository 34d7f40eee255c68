import CastyActors
import CastyCore

/// Which local actors watch which actors of one peer.
///
/// It also holds the watches for which the signal window has no room. The table is the state that both ends converge
/// on; the window holds only what is under way.
struct WatchTable: Sendable {
    struct Watch: Sendable {
        let watcher: AnyActorRef
        /// The watched actor, as the watcher knows it.
        let watched: AnyActorRef
        fileprivate let order: UInt64
        /// Whether its signal has been handed to the window.
        fileprivate(set) var isSaid = false
    }

    private struct Key: Hashable {
        let watcher: UInt64
        let watched: ActorAddress
    }

    private var watches: [Key: Watch] = [:]
    private var lastOrder: UInt64 = 0
    /// The order number of the last watch that may be for a former incarnation.
    private var lastFormer: UInt64 = 0
    /// Watches that wait to be sent, in order. Some may have been removed since, or sent by another route.
    private var unsaid: [Key] = []
    private var nextUnsaid = 0

    var isEmpty: Bool { watches.isEmpty }

    /// Whether some watches may wait to be sent.
    var hasUnsaid: Bool { nextUnsaid < unsaid.count }

    /// - Parameter isSaid: Whether its signal goes to the window now; otherwise ``nextToSay()`` hands it out later.
    mutating func insert(watcher: AnyActorRef, watched: AnyActorRef, isSaid: Bool = true) {
        lastOrder += 1
        let key = Key(watcher: watcher.target.uid, watched: watched.address)
        let isWaiting = watches[key].map { !$0.isSaid } ?? false
        watches[key] = Watch(watcher: watcher, watched: watched, order: lastOrder, isSaid: isSaid)
        guard !isSaid, !isWaiting else { return }
        unsaid.append(key)
        // Removes the entries whose watches were removed while they waited, so that they do not accumulate.
        guard unsaid.count - nextUnsaid > 2 * watches.count + 1024 else { return }
        var seen: Set<Key> = []
        unsaid = unsaid[nextUnsaid...].filter { watches[$0]?.isSaid == false && seen.insert($0).inserted }
        nextUnsaid = 0
    }

    /// The next watch that waits to be sent. It counts as sent from now on.
    mutating func nextToSay() -> Watch? {
        while nextUnsaid < unsaid.count {
            let key = unsaid[nextUnsaid]
            nextUnsaid += 1
            if nextUnsaid > 4096, nextUnsaid * 2 > unsaid.count {
                unsaid.removeFirst(nextUnsaid)
                nextUnsaid = 0
            }
            guard let watch = watches[key], !watch.isSaid else { continue }
            watches[key]?.isSaid = true
            return watch
        }
        unsaid = []
        nextUnsaid = 0
        return nil
    }

    /// Removes a watch, so that its end is reported only once.
    mutating func remove(watcher: UInt64, watched: ActorAddress) -> Watch? {
        watches.removeValue(forKey: Key(watcher: watcher, watched: watched))
    }

    /// Watches made from now on belong to another incarnation.
    mutating func beginIncarnation() { lastFormer = lastOrder }

    /// Removes the watches made before, and returns them in the order they were begun.
    mutating func removeFormer() -> [Watch] {
        let former = watches.filter { $0.value.order <= lastFormer }
        for key in former.keys { watches[key] = nil }
        return former.values.sorted { $0.order < $1.order }
    }

    /// Marks all watches as not sent, because all are to be sent to another incarnation.
    mutating func unsay() {
        nextUnsaid = 0
        unsaid = watches.sorted { $0.value.order < $1.value.order }.map(\.key)
        for key in unsaid { watches[key]?.isSaid = false }
    }

    /// Removes all watches and returns them in the order they were begun.
    mutating func removeAll() -> [Watch] {
        defer { (watches, unsaid, nextUnsaid) = ([:], [], 0) }
        return watches.values.sorted { $0.order < $1.order }
    }
}

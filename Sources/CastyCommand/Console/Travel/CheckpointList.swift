import CastyCore

/// The checkpoints of a run, oldest first: close together near the newest one, far apart behind.
///
/// - Complexity: linear in the number of checkpoints, which is bounded.
struct CheckpointList<Handle> {
    struct Entry {
        let time: Instant
        /// How many commands of the user it contains.
        let commands: Int
        let handle: Handle
    }

    /// The most checkpoints; the first one, the start of the run, is always there.
    private let limit: Int
    /// The least time between two checkpoints.
    private let spacing: Duration
    private(set) var entries: [Entry] = []

    /// Checkpoints this much older than the newest may be about twice as far apart as the newest ones.
    private static var reach: Duration { .seconds(120) }

    init(limit: Int, spacing: Duration) {
        precondition(limit >= 2, "a list of \(limit) checkpoints")
        self.limit = limit
        self.spacing = spacing
    }

    /// Adds a checkpoint.
    ///
    /// - Returns: The handle that is not needed any more: of the new checkpoint, if there is one near it, or of another
    ///   one, if there are too many.
    mutating func add(_ entry: Entry) -> Handle? {
        let index = entries.firstIndex { $0.time > entry.time } ?? entries.endIndex
        let isNearEarlier = index > 0 && entry.time - entries[index - 1].time < spacing
        let isNearLater = index < entries.endIndex && entries[index].time - entry.time < spacing
        if isNearEarlier || isNearLater { return entry.handle }
        entries.insert(entry, at: index)
        guard entries.count > limit else { return nil }
        return entries.remove(at: leastNeeded).handle
    }

    /// The checkpoint, except for the first and the newest, that leaves the smallest gap for its age.
    private var leastNeeded: Int {
        guard let newest = entries.last?.time else { preconditionFailure("a list without checkpoints is not full") }
        var best = (index: 1, need: Double.infinity)
        for index in 1..<(entries.count - 1) {
            let gap = (entries[index + 1].time - entries[index - 1].time).inSeconds
            let need = gap / (newest - entries[index].time + Self.reach).inSeconds
            if need < best.need { best = (index, need) }
        }
        return best.index
    }

    /// The latest checkpoint up to a time that is of use to a run at another time: going forward, a later one only.
    func best(for target: Instant, from now: Instant) -> Entry? {
        guard let found = entries.last(where: { $0.time <= target }) else { return nil }
        return target < now || found.time > now ? found : nil
    }

    /// Removes the checkpoints of another course of the run, which has taken a new one after a number of commands.
    ///
    /// - Returns: The handles of the removed ones.
    mutating func branch(at now: Instant, commands: Int) -> [Handle] {
        removeAll { $0.time > now || ($0.time == now && $0.commands > commands) }
    }

    /// Removes the checkpoints that a condition names.
    ///
    /// - Returns: Their handles.
    mutating func removeAll(where isOver: (Entry) -> Bool) -> [Handle] {
        let removed = entries.filter(isOver)
        entries.removeAll(where: isOver)
        return removed.map(\.handle)
    }
}

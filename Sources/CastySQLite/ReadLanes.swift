import Dispatch

/// What a read is for. Reads of one lane come one after the other, and those of different lanes beside each other.
enum ReadLane: CaseIterable {
    /// The state and the events of an entity that starts.
    case loads
    /// What the shards themselves need: remembered entities, and times that have come.
    case upkeep
    /// Queries over the events of all entities, which may have to look through whole logs.
    case queries
}

/// The queues of the lanes.
struct ReadLanes: Sendable {
    private let loads = DispatchQueue(label: "casty.states.loads")
    private let upkeep = DispatchQueue(label: "casty.states.upkeep")
    private let queries = DispatchQueue(label: "casty.states.queries")

    subscript(lane: ReadLane) -> DispatchQueue {
        switch lane {
        case .loads: loads
        case .upkeep: upkeep
        case .queries: queries
        }
    }
}

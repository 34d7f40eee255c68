import CastyCore
import CastyObservability

/// What the panes show of the cluster, and in which order.
struct ViewOptions: Hashable, Sendable {
    /// The node whose view of the cluster is shown; `nil` for the first that runs.
    var observer: String?
    var sort = MemberColumn.node
    var descending = false
    var shardMode = ShardMode.owner
    var level = EventKind.Level.info
    /// Which messages the pane Flow shows.
    var messages = ShownMessages.withoutRoutine
    var filters: [Pane: String] = [:]
    /// What the node cursor follows, if it does not stay.
    var following: Following?
}

/// What the node cursor follows.
enum Following: Hashable, Sendable {
    /// It goes to the node of each new event.
    case newestEvent
    /// It stays on a node until this incarnation of it has ended.
    case incarnation(name: String, UniqueAddress)
}

/// The meaning of the shades in the shard grid.
enum ShardMode: Int, CaseIterable, Hashable, Sendable {
    case owner, entities, traffic

    var name: String {
        switch self {
        case .owner: "owner"
        case .entities: "entities"
        case .traffic: "env/s"
        }
    }
}

/// The columns of the member table.
enum MemberColumn: Int, CaseIterable, Hashable, Sendable {
    case node, address, status, phi, shards, entities, rate, version, lag, seenBy, uptime

    var title: String {
        switch self {
        case .node: "NODE"
        case .address: "ADDRESS"
        case .status: "STATUS"
        case .phi: "PHI"
        case .shards: "SHD"
        case .entities: "ENT"
        case .rate: "ENV/S"
        case .version: "VER"
        case .lag: "LAG"
        case .seenBy: "SEEN"
        case .uptime: "UP"
        }
    }
}

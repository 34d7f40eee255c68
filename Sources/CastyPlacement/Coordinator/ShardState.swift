import CastyCore

/// What the coordinator knows of one shard.
///
/// ```
///  unallocated ──▶ starting ──▶ started ──▶ handingOff ──┐
///      ▲               │            │                    │
///      └───────────────┴────────────┴────────────────────┘
/// ```
enum ShardState: Sendable {
    case unallocated(Unallocated)
    case starting(Starting)
    case started(Ownership)
    case handingOff(Handoff)

    struct Unallocated: Sendable {
        /// The shard is not allocated before this time: until then a removed owner may still run it.
        var holdUntil: Instant
        /// A region asked for it, or it had a home before.
        var isWanted: Bool
        var reason = AllocationReason.asked
        /// The node that it moves to, if that node can take it.
        var target: UniqueAddress?
        /// Its previous home.
        var from: UniqueAddress?
    }

    struct Starting: Sendable {
        var owner: Ownership
        var holdFor: UniqueAddress?
        var sentAt: Instant
        var from: UniqueAddress?
    }

    struct Ownership: Sendable {
        var node: UniqueAddress
        var version: ShardVersion
    }

    struct Handoff: Sendable {
        var id: ShardVersion
        var owner: Ownership
        var target: UniqueAddress?
        /// Whether the owner has been ordered to stop it; before that, regions close their streams.
        var isStopping: Bool
        /// Regions that have not closed their streams, sorted.
        var waiting: [UniqueAddress]
        /// Regions that have closed their streams, sorted.
        var participants: [UniqueAddress] = []
        var startedAt: Instant
        var deadline: Instant
        var sentAt: Instant
    }

    /// The node that runs the shard, or may run it.
    var owner: Ownership? {
        switch self {
        case .unallocated: nil
        case .starting(let starting): starting.owner
        case .started(let owner): owner
        case .handingOff(let handoff): handoff.owner
        }
    }

    /// Whether the coordinator has something to do or to wait for.
    var isOpen: Bool {
        switch self {
        case .unallocated(let waiting): waiting.isWanted
        case .starting, .handingOff: true
        case .started: false
        }
    }
}

/// A region that registered.
struct RegisteredRegion: Sendable {
    var node: UniqueAddress
    var accepts: Bool
    var isLeaving = false
    var isReleased = false
    var intentsKnown: ShardVersion
    var intentsSentAt: Instant
}

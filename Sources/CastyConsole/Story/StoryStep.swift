import CastyCore

/// The fault or the action of a person that a story begins with.
enum StoryFault: Hashable, Sendable {
    case killed, frozen, stopped, leaving, drained
    /// A node came: for the first time, or again.
    case added, restarted
    case cut
    /// A person moved shards.
    case moved
    /// A node became unreachable, and no fault is known.
    case silent

    /// Whether a node came instead of going.
    var isArrival: Bool { self == .added || self == .restarted }
}

/// One step of a story: events of one kind about the same matter, observed by one node or several.
struct StoryStep: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case fault
        case suspected, unreachable, reachable
        /// The entities of a node pause because its lease has ended.
        case paused
        case decided, downedThemselves, down, exiting, removed
        /// Shards wait until the lease of their former owner has ended.
        case awaitsLease
        case leader, coordinator, secondCluster
        case unplaced
        /// Shards run at a new home.
        case moved
        case thawed, healed, restarted, stopped, killed
        case joining, up
        case converged
    }

    var kind: Kind
    /// The time of its first event.
    var time: Instant
    /// The time of its latest event.
    var last: Instant
    /// The nodes concerned, in the order of their events.
    var nodes: [String]
    /// The nodes that observed it.
    var observers: [String]
    /// The cause that its first event names, in words.
    var reason: String?
    /// The number of shards concerned.
    var shards = 0
    /// When a wait ends.
    var until: Instant?

    /// Whether the time to show is that of the latest event: something good is complete only with its last part.
    private var isComplete: Bool {
        switch kind {
        case .reachable, .moved, .converged, .up: true
        case .fault, .suspected, .unreachable, .paused, .decided, .downedThemselves, .down, .exiting, .removed,
            .awaitsLease, .leader, .coordinator, .secondCluster, .unplaced, .thawed, .healed, .restarted, .stopped,
            .killed, .joining:
            false
        }
    }

    /// The time to show.
    var moment: Instant { isComplete ? last : time }
}

extension Array where Element: Equatable {
    /// Appends what is not there yet.
    mutating func add(_ element: Element) {
        if !contains(element) { append(element) }
    }
}

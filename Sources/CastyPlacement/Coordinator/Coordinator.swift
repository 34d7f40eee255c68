package import CastyPrimitives

/// Decides where the shards of one entity type live. Every node has one; the one on the oldest member acts.
///
/// ```
///            oldest up member            all reported, or gone, or time over
///  inactive ────────────────▶ recovering ────────────────────────────────▶ active
///      ▲                           │                                          │
///      └───────────────────────────┴──────── no longer the oldest ────────────┘
/// ```
///
/// It stores nothing: the regions report what they host when they register. After each call the shell reads ``wakeAt`` and calls
/// ``onWakeup(at:)`` then.
package struct Coordinator: Sendable {
    package let own: UniqueAddress
    package let settings: PlacementSettings
    let strategy: any ShardAllocationStrategy

    /// When ``onWakeup(at:)`` is due; `nil` while nothing is waited for.
    package internal(set) var wakeAt: Instant?

    package init(
        own: UniqueAddress, settings: PlacementSettings, strategy: any ShardAllocationStrategy = LeastShardStrategy()
    ) {
        self.own = own
        self.settings = settings
        self.strategy = strategy
    }

    /// Membership changed, or its reachability.
    package mutating func onView(_ view: PlacementView, at now: Instant) -> [CoordinatorEffect] { [] }
    /// The node may act until then; called whenever that moves. Before the first call it may act for ever.
    package mutating func onLease(validUntil: Instant, at now: Instant) -> [CoordinatorEffect] { [] }
    /// A region said something.
    package mutating func onRequest(_ request: CoordinatorRequest, from node: UniqueAddress, at now: Instant)
        -> [CoordinatorEffect]
    { [] }
    package mutating func onWakeup(at now: Instant) -> [CoordinatorEffect] { [] }
}

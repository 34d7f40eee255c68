package import CastyPrimitives

/// The part of one node in the sharding of one entity type: routes messages, keeps them while a home is unknown, and runs the
/// entities of the shards it was given.
///
/// After each call the shell carries out the effects in order, then reads ``wakeAt`` and calls ``onWakeup(at:)`` then.
package struct Region<Payload: Sendable>: Sendable {
    package let own: UniqueAddress
    package let settings: PlacementSettings
    /// It routes, but hosts nothing.
    package let isProxy: Bool

    /// When ``onWakeup(at:)`` is due; `nil` while nothing is waited for.
    package internal(set) var wakeAt: Instant?

    package init(own: UniqueAddress, settings: PlacementSettings, isProxy: Bool = false) {
        self.own = own
        self.settings = settings
        self.isProxy = isProxy
    }

    package mutating func onView(_ view: PlacementView, at now: Instant) -> [RegionEffect<Payload>] { [] }
    /// The node may run entities until then; called whenever that moves. Before the first call it may for ever.
    package mutating func onLease(validUntil: Instant, at now: Instant) -> [RegionEffect<Payload>] { [] }
    /// A message from this node for an entity, wherever it lives.
    package mutating func onRoute(_ payload: Payload, to entity: String, at now: Instant) -> [RegionEffect<Payload>] {
        []
    }
    /// An order of a coordinator, or a message of another region. (Requests go to ``Coordinator/onRequest(_:from:at:)``.)
    package mutating func onMessage(_ message: ShardingMessage<Payload>, from node: UniqueAddress, at now: Instant)
        -> [RegionEffect<Payload>]
    { [] }
    /// An entity ended, for whatever reason.
    package mutating func onTerminated(_ end: EntityEnd<Payload>, at now: Instant) -> [RegionEffect<Payload>] { [] }
    /// The entity asks to be passivated, or an operator does.
    package mutating func onPassivate(_ entity: String, at now: Instant) -> [RegionEffect<Payload>] { [] }
    /// An operator's command, for the coordinator; the answer comes as ``RegionNote/answer(id:_:)``.
    package mutating func onCommand(_ command: OperatorCommand, id: UInt64, at now: Instant) -> [RegionEffect<Payload>]
    { [] }
    /// The node wants to leave: hand all shards off, then ``RegionEffect/left``.
    package mutating func onLeave(at now: Instant) -> [RegionEffect<Payload>] { [] }
    /// The node stops now: every entity is stopped, every kept message is lost.
    package mutating func onShutdown(at now: Instant) -> [RegionEffect<Payload>] { [] }
    package mutating func onRemembered(_ entities: [String], shard: Int, version: ShardVersion, at now: Instant)
        -> [RegionEffect<Payload>]
    { [] }
    package mutating func onStored(_ request: StoreRequest, at now: Instant) -> [RegionEffect<Payload>] { [] }
    package mutating func onWakeup(at now: Instant) -> [RegionEffect<Payload>] { [] }
}

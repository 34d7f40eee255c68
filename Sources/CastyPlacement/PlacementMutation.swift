/// Deliberate bugs that tests switch on, to show that the sharding invariants detect them. No preset contains one, and
/// they are not part of the settings that nodes share.
///
/// Each is one branch in the code that it breaks.
package struct PlacementMutation: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    // Ownership

    /// Entities continue without a lease.
    package static let skipsLease = PlacementMutation(rawValue: 1 << 0)
    /// The old home reports a shard as stopped as soon as it is ordered to stop it.
    package static let acknowledgesEarly = PlacementMutation(rawValue: 1 << 1)
    /// The shards of a removed member start elsewhere at once.
    package static let skipsMargin = PlacementMutation(rawValue: 1 << 2)
    /// A new coordinator ignores what regions report.
    package static let forgetsReports = PlacementMutation(rawValue: 1 << 3)
    /// Every coordinator has the same epoch.
    package static let reusesEpoch = PlacementMutation(rawValue: 1 << 4)
    /// A coordinator acts without a lease.
    package static let grantsWithoutLease = PlacementMutation(rawValue: 1 << 5)
    /// A region starts entities of shards that it was not given.
    package static let startsAnywhere = PlacementMutation(rawValue: 1 << 6)
    /// The shard of an entity is not determined by its hash.
    package static let hashesByLength = PlacementMutation(rawValue: 1 << 7)

    // Messages

    /// Messages buffered while a shard moved are dropped.
    package static let dropsBuffer = PlacementMutation(rawValue: 1 << 8)
    /// A shard moves, and messages are sent on, without waiting for those in flight.
    package static let skipsMarkers = PlacementMutation(rawValue: 1 << 9)
    /// A message that is resent is sent twice.
    package static let deliversTwice = PlacementMutation(rawValue: 1 << 10)
    /// A returned message is queued behind later ones.
    package static let appendsReturned = PlacementMutation(rawValue: 1 << 11)
    /// Messages that arrived for a passivating entity are dropped.
    package static let forgetsPassivating = PlacementMutation(rawValue: 1 << 12)
    /// A region does not report lost messages.
    package static let losesSilently = PlacementMutation(rawValue: 1 << 13)
    /// A region buffers without limit.
    package static let ignoresBufferLimit = PlacementMutation(rawValue: 1 << 14)
    /// Every region returns a message as often as it arrives.
    package static let sendsInCircles = PlacementMutation(rawValue: 1 << 15)

    // Movement

    /// The old home does not stop the shard, and the coordinator waits forever.
    package static let neverEndsHandoff = PlacementMutation(rawValue: 1 << 16)
    /// Balancing moves every shard to the next region.
    package static let movesAll = PlacementMutation(rawValue: 1 << 17)
    /// Balancing never moves anything.
    package static let neverBalances = PlacementMutation(rawValue: 1 << 18)
    /// The shards of a removed member wait four times as long as they must.
    package static let failsOverLate = PlacementMutation(rawValue: 1 << 19)
    /// Drained nodes are given no shards, even if there are no other nodes.
    package static let forbidsDrained = PlacementMutation(rawValue: 1 << 37)

    /// An entity saves its state even if its shard may belong to another node.
    package static let savesStale = PlacementMutation(rawValue: 1 << 41)

    // Margins

    /// A member that was exiting when it was removed counts as one that has handed its shards over.
    package static let trustsLeavers = PlacementMutation(rawValue: 1 << 32)
    /// A node that becomes the coordinator does not wait for members that were removed before it joined.
    package static let ignoresTombstones = PlacementMutation(rawValue: 1 << 33)

    // Pauses

    /// Messages that arrived for a shard while it was paused are dropped.
    package static let forgetsPaused = PlacementMutation(rawValue: 1 << 34)

    /// Messages that arrive after a paused shard was stopped go ahead of those that arrived during the pause.
    package static let overtakesHeld = PlacementMutation(rawValue: 1 << 39)

    // Writing

    /// A shard is handed off while its writes to the store of remembered entities are in flight.
    package static let overtakesWrites = PlacementMutation(rawValue: 1 << 40)

    // Askers

    /// A question waits for its full timeout though the region knows that no home can come.
    package static let hidesFromAskers = PlacementMutation(rawValue: 1 << 43)
    /// A question fails whenever its shard has no home yet.
    package static let refusesHastily = PlacementMutation(rawValue: 1 << 42)

    // Who may order

    /// A region obeys every node, and takes deliveries from every node.
    package static let obeysAnyone = PlacementMutation(rawValue: 1 << 35)
    /// A region obeys a former coordinator though it knows its successor.
    package static let obeysFormer = PlacementMutation(rawValue: 1 << 38)
    /// A coordinator that learns of a higher epoch than its own continues in its own.
    package static let ignoresSeenEpochs = PlacementMutation(rawValue: 1 << 36)
}

extension PlacementMutation {
    /// Whether the deliberate bugs are compiled in: with the package trait `Mutations` only, never in a product.
    package static var areCompiledIn: Bool {
        #if Mutations
            true
        #else
            false
        #endif
    }

    #if !Mutations
        /// Always `false`: the compiler drops the branches of the deliberate bugs.
        package func contains(_ mutation: PlacementMutation) -> Bool { false }
    #endif
}

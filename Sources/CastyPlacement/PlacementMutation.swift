/// Bugs that can be switched on, to show that the rules of sharding find them: none in any preset, and no setting that nodes share.
///
/// Each is one branch in the place that it breaks.
package struct PlacementMutation: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    // Ownership

    /// Entities go on without a lease.
    package static let skipsLease = PlacementMutation(rawValue: 1 << 0)
    /// The old home says that a shard is stopped when it is told to stop it.
    package static let acknowledgesEarly = PlacementMutation(rawValue: 1 << 1)
    /// The shards of a removed member start elsewhere at once.
    package static let skipsMargin = PlacementMutation(rawValue: 1 << 2)
    /// A new coordinator does not read what regions report.
    package static let forgetsReports = PlacementMutation(rawValue: 1 << 3)
    /// Every coordinator has the same epoch.
    package static let reusesEpoch = PlacementMutation(rawValue: 1 << 4)
    /// A coordinator acts without a lease.
    package static let grantsWithoutLease = PlacementMutation(rawValue: 1 << 5)
    /// A region starts entities of shards that it was not given.
    package static let startsAnywhere = PlacementMutation(rawValue: 1 << 6)
    /// The shard of an entity is not what its hash says.
    package static let hashesByLength = PlacementMutation(rawValue: 1 << 7)

    // Messages

    /// What was kept while a shard moved is dropped.
    package static let dropsBuffer = PlacementMutation(rawValue: 1 << 8)
    /// A shard moves, and messages go on, without waiting for those on their way.
    package static let skipsMarkers = PlacementMutation(rawValue: 1 << 9)
    /// A message that is sent once more is sent twice.
    package static let deliversTwice = PlacementMutation(rawValue: 1 << 10)
    /// What comes back goes behind what was sent later.
    package static let appendsReturned = PlacementMutation(rawValue: 1 << 11)
    /// What came for an entity on its way to sleep is forgotten.
    package static let forgetsPassivating = PlacementMutation(rawValue: 1 << 12)
    /// What a region loses, it does not tell.
    package static let losesSilently = PlacementMutation(rawValue: 1 << 13)
    /// A region keeps as much as comes.
    package static let ignoresBufferLimit = PlacementMutation(rawValue: 1 << 14)
    /// Every region sends a message back as often as it comes.
    package static let sendsInCircles = PlacementMutation(rawValue: 1 << 15)

    // Movement

    /// The old home does not stop, and the coordinator waits for ever.
    package static let neverEndsHandoff = PlacementMutation(rawValue: 1 << 16)
    /// Balancing moves every shard to the next region.
    package static let movesAll = PlacementMutation(rawValue: 1 << 17)
    /// Balancing never moves anything.
    package static let neverBalances = PlacementMutation(rawValue: 1 << 18)
    /// The shards of a removed member wait four times as long as they have to.
    package static let failsOverLate = PlacementMutation(rawValue: 1 << 19)
    /// Drained nodes are given nothing, even where there are no others.
    package static let forbidsDrained = PlacementMutation(rawValue: 1 << 37)

    /// An entity saves its state also when its shard may be another node's.
    package static let savesStale = PlacementMutation(rawValue: 1 << 41)

    // Margins

    /// A member that was on its way out when it was removed counts as one that has handed its shards over.
    package static let trustsLeavers = PlacementMutation(rawValue: 1 << 32)
    /// A node that becomes the coordinator does not wait for members that were removed before it came.
    package static let ignoresTombstones = PlacementMutation(rawValue: 1 << 33)

    // Pauses

    /// What came for a shard while it was paused is dropped.
    package static let forgetsPaused = PlacementMutation(rawValue: 1 << 34)

    /// What comes after a paused shard was stopped goes ahead of what came during the pause.
    package static let overtakesHeld = PlacementMutation(rawValue: 1 << 39)

    // Writing

    /// A shard is given away while its writes to the store of remembered entities are under way.
    package static let overtakesWrites = PlacementMutation(rawValue: 1 << 40)

    // Askers

    /// A question waits for its whole time though the region knows that no home can come.
    package static let hidesFromAskers = PlacementMutation(rawValue: 1 << 43)
    /// A question fails wherever its shard has no home yet.
    package static let refusesHastily = PlacementMutation(rawValue: 1 << 42)

    // Who may order

    /// A region obeys every node, and takes deliveries from every node.
    package static let obeysAnyone = PlacementMutation(rawValue: 1 << 35)
    /// A region obeys a coordinator of the past though it knows of the next one.
    package static let obeysFormer = PlacementMutation(rawValue: 1 << 38)
    /// A coordinator that hears of a higher epoch than its own goes on in its own.
    package static let ignoresSeenEpochs = PlacementMutation(rawValue: 1 << 36)
}

package import CastyCore

/// Deliberate bugs that tests switch on, to show that the sharding invariants detect them. No preset contains one, and
/// they are not part of the settings that nodes share.
///
/// Each is one branch in the code that it breaks.
package enum PlacementMutation: Int, Mutation {
    // Ownership

    /// Entities continue without a lease.
    case skipsLease
    /// The old home reports a shard as stopped as soon as it is ordered to stop it.
    case acknowledgesEarly
    /// The shards of a removed member start elsewhere at once.
    case skipsMargin
    /// A new coordinator ignores what regions report.
    case forgetsReports
    /// Every coordinator has the same epoch.
    case reusesEpoch
    /// A coordinator acts without a lease.
    case grantsWithoutLease
    /// A region starts entities of shards that it was not given.
    case startsAnywhere
    /// The shard of an entity is not determined by its hash.
    case hashesByLength

    // Messages

    /// Messages buffered while a shard moved are dropped.
    case dropsBuffer
    /// A shard moves, and messages are sent on, without waiting for those in flight.
    case skipsMarkers
    /// A route lets one more message out after the stream that it belongs to was ended.
    case leavesRouteOpen
    /// A message that is resent is sent twice.
    case deliversTwice
    /// A returned message is queued behind later ones.
    case appendsReturned
    /// Messages that arrived for a passivating entity are dropped.
    case forgetsPassivating
    /// A region does not report lost messages.
    case losesSilently
    /// A region buffers without limit.
    case ignoresBufferLimit
    /// Every region returns a message as often as it arrives.
    case sendsInCircles

    // Movement

    /// The old home does not stop the shard, and the coordinator waits forever.
    case neverEndsHandoff
    /// Balancing moves every shard to the next region.
    case movesAll
    /// Balancing never moves anything.
    case neverBalances
    /// The shards of a removed member wait four times as long as they must.
    case failsOverLate
    /// Drained nodes are given no shards, even if there are no other nodes.
    case forbidsDrained

    /// An entity saves its state even if its shard may belong to another node.
    case savesStale
    /// The next incarnation uses the store while a call of the one before is still under way.
    case overlapsCalls
    /// A store refuses no token: what a former owner writes late overwrites what the next one has written.
    case ignoresFences

    // Margins

    /// A member that was exiting when it was removed counts as one that has handed its shards over.
    case trustsLeavers
    /// A node that becomes the coordinator does not wait for members that were removed before it joined.
    case ignoresTombstones

    // Pauses

    /// Messages that arrived for a shard while it was paused are dropped.
    case forgetsPaused

    /// Messages that arrive after a paused shard was stopped go ahead of those that arrived during the pause.
    case overtakesHeld

    // Writing

    /// A shard is handed off while its writes to the store of remembered entities are in flight.
    case overtakesWrites

    // Askers

    /// A question waits for its full timeout though the region knows that no home can come.
    case hidesFromAskers
    /// A question fails whenever its shard has no home yet.
    case refusesHastily

    // Who may order

    /// A region obeys every node, and takes deliveries from every node.
    case obeysAnyone
    /// A region obeys a former coordinator though it knows its successor.
    case obeysFormer
    /// A coordinator that learns of a higher epoch than its own continues in its own.
    case ignoresSeenEpochs

    // Events

    /// A store of events acknowledges what its disk has refused.
    case acknowledgesUnwritten

    // Reminders

    /// A store finds no entity that has something due.
    case forgetsWakes
}

/// The deliberate bugs that are switched on.
package typealias PlacementMutations = MutationSet<PlacementMutation>

package import CastyCore

/// What may pass the region's actor by, for one shard: the messages that callers on this node send, and those that arrive
/// from other nodes.
///
/// Only the region decides that a route is open, and it closes the route before any other effect of the same call. A
/// message that goes over an open route counts as sent before that call.
package struct ShardRoute: Hashable, Sendable {
    /// Where callers on this node send.
    package enum Sending: Hashable, Sendable {
        case none
        /// To the entities of this node.
        case local
        /// To a node, with consecutive numbers from `first` on, ``ShardRoute/numbers`` at most.
        case remote(UniqueAddress, ShardVersion, first: UInt64)
    }

    /// How many messages may be sent before the route is opened again: a route owns the numbers of its messages.
    package static let numbers: UInt64 = 1 << 20

    /// Above this number no route to a node opens any more, so that the numbers never overflow: with a thousand openings
    /// a second, after more than a hundred years.
    static let highestFirst: UInt64 = 1 << 62

    package var sending: Sending
    /// Deliveries for this ownership or a later one are for entities of this node; `nil` if none are.
    package var arrivals: ShardVersion?
}

/// The route of a shard, as long as it is open.
struct OpenRoute: Hashable, Sendable {
    /// The node that callers send to.
    var node: UniqueAddress?
    /// The ownership of that node.
    var version = ShardVersion.none
    var arrivals: ShardVersion?
}

/// What one entity got over a route.
package struct EntityUse: Hashable, Sendable {
    package var instance: EntityInstance
    /// How many messages.
    package var count: UInt64
    /// When the last of them came.
    package var lastUsed: Instant

    package init(_ instance: EntityInstance, count: UInt64, lastUsed: Instant) {
        self.instance = instance
        self.count = count
        self.lastUsed = lastUsed
    }
}

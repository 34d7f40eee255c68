package import CastyPlacement

/// Which entities of a type are passivated automatically.
///
/// A passivated entity stops when its mailbox is empty, and the next message starts it again. No message is lost, but
/// its state survives only in an ``EntityStore``. Therefore ``none`` is the default. An entity can also passivate
/// itself, ``EntityContext/passivate()``, and be passivated by id, ``ShardRegion/passivate(_:)``.
///
/// ```swift
/// let carts = try sharding.start(
///     type: "cart", shards: 24, store: stores.entities, passivation: .idle(after: .seconds(120))) { cart($0) }
/// ```
///
/// Remembered entities, see ``RememberedEntityStore``, are not passivated automatically.
public struct Passivation: Hashable, Sendable {
    package let settings: PassivationSettings

    /// Entities run until they stop, or are passivated on request.
    public static let none = Passivation(settings: PassivationSettings())

    /// Entities that got no message for a while are passivated.
    ///
    /// - Parameter time: The time without a message; more than zero.
    public static func idle(after time: Duration) -> Passivation {
        Passivation(settings: PassivationSettings(idle: checked(time)))
    }

    /// At most `limit` entities of the type are active on a node; beyond that the least recently used one is
    /// passivated.
    ///
    /// It suits workloads in which recently used entities are used again. O(1) for each message.
    ///
    /// - Parameters:
    ///   - limit: The most active entities of the type on one node, at least 1.
    ///   - time: Entities that got no message for this time are passivated as well; `nil` turns this off.
    public static func leastRecentlyUsed(limit: Int, idleAfter time: Duration? = nil) -> Passivation {
        Passivation(
            settings: PassivationSettings(
                idle: time.map(checked), limit: checked(limit), policy: .leastRecentlyUsed))
    }

    /// At most `limit` entities of the type are active on a node; beyond that the least frequently used one is
    /// passivated; among equals, the least recently used one.
    ///
    /// It suits workloads in which a few entities are used all the time among many that are used once. The count of
    /// messages saturates at 255. O(1) for each message.
    ///
    /// - Parameters:
    ///   - limit: The most active entities of the type on one node, at least 1.
    ///   - time: Entities that got no message for this time are passivated as well; `nil` turns this off.
    public static func leastFrequentlyUsed(limit: Int, idleAfter time: Duration? = nil) -> Passivation {
        Passivation(
            settings: PassivationSettings(
                idle: time.map(checked), limit: checked(limit), policy: .leastFrequentlyUsed))
    }

    private static func checked(_ time: Duration) -> Duration {
        precondition(time > .zero, "entities go to sleep after some time, not after \(time)")
        return time
    }

    private static func checked(_ limit: Int) -> Int {
        precondition(limit >= 1, "at least one entity is awake, not \(limit)")
        return limit
    }
}

package import CastyPlacement

/// Which entities of a type go to sleep by themselves.
///
/// An entity that goes to sleep stops when its mailbox is empty, and the next message starts it again: nothing of what it is told is lost, but it comes
/// back with its state only if it keeps that in an ``EntityStore``. Therefore ``none`` is the default. An entity can also ask for it,
/// ``EntityContext/passivate()``, and be sent, ``ShardRegion/passivate(_:)``.
///
/// ```swift
/// let carts = try sharding.start(
///     type: "cart", shards: 24, store: stores.entities, passivation: .idle(after: .seconds(120))) { cart($0) }
/// ```
///
/// Entities that are remembered, see ``RememberedEntityStore``, do not go to sleep by themselves.
public struct Passivation: Hashable, Sendable {
    package let settings: PassivationSettings

    /// Entities run until they stop, or are told to go to sleep.
    public static let none = Passivation(settings: PassivationSettings())

    /// Entities go to sleep that were told nothing for a while.
    ///
    /// - Parameter time: For how long; more than zero.
    public static func idle(after time: Duration) -> Passivation {
        Passivation(settings: PassivationSettings(idle: checked(time)))
    }

    /// A node has so many awake at most; where there would be more, the one goes to sleep that was told something longest ago.
    ///
    /// It suits where what was used lately is used again. O(1) for each message.
    ///
    /// - Parameters:
    ///   - limit: So many entities of the type on one node, at least 1.
    ///   - time: Those who were told nothing for so long go to sleep as well; `nil` turns this off.
    public static func leastRecentlyUsed(limit: Int, idleAfter time: Duration? = nil) -> Passivation {
        Passivation(
            settings: PassivationSettings(
                idle: time.map(checked), limit: checked(limit), policy: .leastRecentlyUsed))
    }

    /// A node has so many awake at most; where there would be more, the one goes to sleep that was told least; of equals, the one that was told
    /// something longest ago.
    ///
    /// It suits where a few entities are used all the time among many that are used once. Up to 255 messages are counted. O(1) for each message.
    ///
    /// - Parameters:
    ///   - limit: So many entities of the type on one node, at least 1.
    ///   - time: Those who were told nothing for so long go to sleep as well; `nil` turns this off.
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

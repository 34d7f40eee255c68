package import CastyCore

/// Which entities of one type have something due, and when, as far as a node knows.
///
/// The store knows all of them; this knows the near ones. A node reads them page by page, a while ahead, and learns of
/// nearer ones from its own incarnations when they have saved. An entry only causes a start: the incarnation finds out
/// for itself what is due. So one that is superfluous is harmless, and one that is missing is read at the next poll.
package struct ReminderSchedule: Sendable {
    /// How far ahead entries are held in memory. More than a ``pollInterval``.
    package static let horizon = Duration.seconds(30)
    /// The time between two reads of the store, so also the most by which a reminder is late after the clock was set
    /// forward, or its shard has moved.
    package static let pollInterval = Duration.seconds(10)
    /// An entity that has not started, or has not handled what was due, is woken again.
    package static let retry = Duration.seconds(5)
    /// How many entities are woken at once, and the pause between two such groups: many that are due at the same time
    /// must not keep a node from its messages.
    package static let (batch, pause) = (100, Duration.milliseconds(50))
    /// The most entries in memory. What does not fit is read later.
    package static let limit = 20_000

    private struct Entry: Comparable, Sendable {
        var at: WallTime
        var entity: String

        static func < (left: Entry, right: Entry) -> Bool {
            left.at != right.at ? left.at < right.at : left.entity < right.entity
        }
    }

    /// Sorted.
    private var order: [Entry] = []
    private var times: [String: WallTime] = [:]

    package init() {}

    /// How many entries it holds.
    package var count: Int { order.count }

    /// Whether no more entries fit.
    package var isFull: Bool { order.count >= Self.limit }

    /// The store has something due for an entity. What is known of the entity already is as new.
    package mutating func onRead(_ entity: String, at time: WallTime, now: WallTime) {
        if times[entity] == nil { insert(entity, time, now) }
    }

    /// An incarnation here has loaded or saved its state: this is its next time, if it has one.
    package mutating func onKnown(_ entity: String, next time: WallTime?, now: WallTime) {
        remove(entity)
        // What is due already the incarnation does itself, unless it ends first.
        if let time { insert(entity, time > now ? time : now + Self.retry, now) }
    }

    private mutating func insert(_ entity: String, _ time: WallTime, _ now: WallTime) {
        guard time <= now + Self.horizon, !isFull else { return }
        times[entity] = time
        order.insertSorted(Entry(at: time, entity: entity))
    }

    private mutating func remove(_ entity: String) {
        if let time = times.removeValue(forKey: entity) { order.removeSorted(Entry(at: time, entity: entity)) }
    }

    /// The entities to wake now. Those that another node wakes are forgotten; the others come again until
    /// ``onKnown(_:next:now:)`` says otherwise.
    package mutating func takeDue(now: WallTime, wakes: (String) -> Bool) -> [String] {
        let end = order.lowerBound { $0.at <= now }
        let due = order[..<min(end, Self.batch)].map(\.entity)
        order.removeFirst(due.count)
        for entity in due { times[entity] = nil }
        let here = due.filter(wakes)
        for entity in here { insert(entity, now + Self.retry, now) }
        return here
    }

    /// How long until ``takeDue(now:wakes:)`` has something to do.
    package func wait(now: WallTime) -> Duration {
        guard let first = order.first else { return Self.pollInterval }
        return first.at <= now ? Self.pause : min(first.at - now, Self.pollInterval)
    }
}

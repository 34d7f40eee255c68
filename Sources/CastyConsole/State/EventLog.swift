import CastyInspection
import CastyPrimitives

/// The events the console remembers, oldest first, each with a number that never changes.
///
/// What several nodes see of one member within some seconds is one entry, with all that saw it: five nodes that find out about one
/// death are one line, not five. So are the shards that one node hands on or allocates at one time.
package struct EventLog: Sendable {
    /// How many are kept at least; twice as many are the most.
    static let kept = 4096
    /// How far apart views of one thing may lie.
    private static let together: Duration = .seconds(3)

    /// One line of the list, by the number of its first event.
    struct Entry: Sendable {
        var number: Int
        var level: EventKind.Level
    }

    /// What the events of one entry have in common with its first: all that saw it, all shards it was about.
    struct Group: Sendable {
        var observers: [String]
        var shards: [Int]
    }

    private struct Topic: Hashable {
        var kind: EventKind
        var subject: String
    }

    private(set) var events: [RuntimeEvent] = []
    private(set) var entries: [Entry] = []
    /// The number of the first event kept, and of the first entry.
    private(set) var base = 0
    private var entryBase = 0
    private var numbers: [EventID: Int] = [:]
    private var topics: [Topic: Int] = [:]
    /// What further events of an entry add to it.
    private var groups: [Int: Group] = [:]
    /// How many were lost before they were read.
    private(set) var dropped: UInt64 = 0

    package init() {}

    var end: Int { base + events.count }

    /// The event of a number, where it is still kept.
    subscript(number: Int) -> RuntimeEvent? {
        number >= base && number < end ? events[number - base] : nil
    }

    /// The number of an event, where it is still kept.
    func number(of id: EventID) -> Int? {
        guard let number = numbers[id], number >= base else { return nil }
        return number
    }

    func event(_ id: EventID) -> RuntimeEvent? { number(of: id).flatMap { self[$0] } }

    /// All that saw the event of an entry, and all shards it was about.
    func group(of number: Int) -> Group {
        if let known = groups[number] { return known }
        let event = self[number]
        return Group(observers: event.map { [$0.node] } ?? [], shards: event?.shard.map { [$0] } ?? [])
    }

    mutating func append(_ more: [RuntimeEvent], dropped lost: UInt64 = 0) {
        dropped += lost
        for event in more {
            numbers[event.id] = end
            enter(event, number: end)
            events.append(event)
        }
        if events.count > 2 * Self.kept { trim() }
    }

    private mutating func enter(_ event: RuntimeEvent, number: Int) {
        guard let topic = Self.topic(of: event) else {
            return entries.append(Entry(number: number, level: event.kind.level))
        }
        if let known = topics[topic], known >= entryBase {
            let first = entries[known - entryBase].number
            if let earlier = self[first], event.time - earlier.time <= Self.together {
                var group = group(of: first)
                if !group.observers.contains(event.node) { group.observers.append(event.node) }
                if let shard = event.shard, !group.shards.contains(shard) { group.shards.append(shard) }
                groups[first] = group
                return
            }
        }
        topics[topic] = entryBase + entries.count
        entries.append(Entry(number: number, level: event.kind.level))
    }

    /// What an event is about, where several events of that kind are one thing for a person; `nil` where each stands alone.
    private static func topic(of event: RuntimeEvent) -> Topic? {
        switch event.kind {
        case .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberDown, .memberRemoved,
            .suspected, .memberUnreachable, .memberReachable, .leaderChanged:
            event.subject.map { Topic(kind: event.kind, subject: $0) }
        case .shardAllocated, .handoffBegun, .shardMoved, .shardStarted, .shardStopped:
            Topic(kind: event.kind, subject: "\(event.node)>\(event.from ?? "")>\(event.to ?? "")")
        case .nodeStarted, .nodeKilled, .nodeFrozen, .nodeThawed, .nodeStopped, .cut, .healed, .converged,
            .downingDecision, .coordinatorStarted, .entityStarted, .entityPassivated, .entityStopped, .reply,
            .messageLost, .expectationPassed, .expectationFailed, .invariantViolated, .note:
            nil
        }
    }

    private mutating func trim() {
        let surplus = events.count - Self.kept
        for event in events.prefix(surplus) { numbers[event.id] = nil }
        events.removeFirst(surplus)
        base += surplus
        let gone = entries.prefix { $0.number < base }.count
        entries.removeFirst(gone)
        entryBase += gone
        topics = topics.filter { $0.value >= entryBase }
        groups = groups.filter { $0.key >= base }
    }

    /// Forgets everything; the numbers go on.
    mutating func clear() {
        base = end
        entryBase += entries.count
        events = []
        entries = []
        numbers = [:]
        topics = [:]
        groups = [:]
    }
}

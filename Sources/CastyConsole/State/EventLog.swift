import CastyCore
import CastyObservability

/// The events that the console stores, oldest first, each with a number that never changes.
///
/// When several nodes observe the same change of a member within some seconds, it is one entry with all observers: five
/// nodes that detect one death make one line instead of five. The same applies to the shards that one node hands over
/// or allocates together.
package struct EventLog: Sendable {
    /// The log stores at least this many events, and at most twice as many.
    static let kept = 4096
    /// The longest time between observations of one change.
    private static let together: Duration = .seconds(3)

    /// The longest time from the first event of an entry to another one. A user's two cuts are two entries, but the
    /// links of one cut are cut together; the same applies to the shards of one decision.
    private static func reach(of kind: EventKind) -> Duration {
        if kind == .cut || kind == .healed { return .milliseconds(50) }
        return isOfShards(kind) ? .milliseconds(500) : together
    }

    private static func isOfShards(_ kind: EventKind) -> Bool {
        [.shardAllocated, .handoffBegun, .shardMoved, .shardStarted, .shardStopped].contains(kind)
    }

    /// One line of the list, by the number of its first event.
    struct Entry: Sendable {
        var number: Int
        var level: EventKind.Level
    }

    /// The data of an entry beyond its first event: all observers, and all shards concerned.
    struct Group: Sendable {
        var observers: [String]
        var shards: [Int]
        var links: [String]
    }

    private struct Topic: Hashable {
        var kind: EventKind
        var subject: String
        var detail: EventDetail?
    }

    private(set) var events: [RuntimeEvent] = []
    private(set) var entries: [Entry] = []
    /// The number of the first stored event, and of the first entry.
    private(set) var base = 0
    private var entryBase = 0
    private var numbers: [EventID: Int] = [:]
    private var topics: [Topic: Int] = [:]
    /// The injected faults that are still active: by node, and the cuts.
    private var faults: [String: EventID] = [:]
    private var cuts: [RuntimeEvent] = []
    /// The injected fault behind each suspicion, which no node can know.
    private var truths: [EventID: EventID] = [:]
    /// The data that further events of an entry add to it.
    private var groups: [Int: Group] = [:]
    /// The number of events that were lost before they were read.
    private(set) var dropped: UInt64 = 0

    package init() {}

    var end: Int { base + events.count }

    /// The event with a number, if it is still stored.
    subscript(number: Int) -> RuntimeEvent? {
        number >= base && number < end ? events[number - base] : nil
    }

    /// The number of an event, if it is still stored.
    func number(of id: EventID) -> Int? {
        guard let number = numbers[id], number >= base else { return nil }
        return number
    }

    func event(_ id: EventID) -> RuntimeEvent? { number(of: id).flatMap { self[$0] } }

    /// All observers of an entry's event, and all shards concerned.
    func group(of number: Int) -> Group {
        if let known = groups[number] { return known }
        let event = self[number]
        return Group(
            observers: event.map { [$0.node] } ?? [], shards: event?.shard.map { [$0] } ?? [],
            links: event.flatMap(Self.link).map { [$0] } ?? [])
    }

    mutating func append(_ more: [RuntimeEvent], dropped lost: UInt64 = 0) {
        dropped += lost
        for event in more {
            numbers[event.id] = end
            judge(event)
            enter(event, number: end)
            events.append(event)
        }
        if events.count > 2 * Self.kept { trim() }
    }

    /// The injected fault behind a suspicion; `nil` if there is none, and the suspicion is false.
    func truth(behind event: RuntimeEvent) -> RuntimeEvent? { truths[event.id].flatMap { self.event($0) } }

    private mutating func judge(_ event: RuntimeEvent) {
        let subject = event.subject ?? event.node
        if event.kind == .nodeKilled || event.kind == .nodeFrozen {
            faults[subject] = event.id
        } else if event.kind == .nodeStarted || event.kind == .nodeThawed {
            faults[subject] = nil
        } else if event.kind == .cut {
            cuts.append(event)
        } else if event.kind == .healed {
            cuts = event.from == nil ? [] : cuts.filter { $0.from != event.from || $0.to != event.to }
        } else if event.kind == .suspected {
            truths[event.id] = faults[subject] ?? cuts.last { Self.touches($0, subject) }?.id
        }
    }

    /// Whether a cut concerns a node; a cut without names concerns all nodes.
    private static func touches(_ cut: RuntimeEvent, _ node: String) -> Bool {
        guard cut.from != nil || cut.to != nil else { return true }
        return [cut.from, cut.to].contains { $0?.split(separator: ",").contains { $0 == node } ?? false }
    }

    private mutating func enter(_ event: RuntimeEvent, number: Int) {
        guard let topic = Self.topic(of: event) else {
            return entries.append(Entry(number: number, level: event.kind.level))
        }
        if let known = topics[topic], known >= entryBase {
            let first = entries[known - entryBase].number
            var group = group(of: first)
            // A second observation by the same node is a second event.
            let again = Self.link(event) == nil && event.shard == nil && group.observers.contains(event.node)
            if !again, let earlier = self[first], event.time - earlier.time <= Self.reach(of: event.kind) {
                if !group.observers.contains(event.node) { group.observers.append(event.node) }
                if let link = Self.link(event) { group.links.append(link) }
                if let shard = event.shard, !group.shards.contains(shard) { group.shards.append(shard) }
                groups[first] = group
                return
            }
        }
        topics[topic] = entryBase + entries.count
        entries.append(Entry(number: number, level: event.kind.level))
    }

    /// The topic that groups several events of a kind into one entry; `nil` if each event is an entry of its own.
    private static func topic(of event: RuntimeEvent) -> Topic? {
        switch event.kind {
        case .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberDown, .memberRemoved,
            .suspected, .memberUnreachable, .memberReachable, .leaderChanged:
            event.subject.map { Topic(kind: event.kind, subject: $0) }
        case .shardAllocated, .handoffBegun, .shardMoved, .shardStarted, .shardStopped:
            Topic(kind: event.kind, subject: "\(event.node)>\(event.from ?? "")>\(event.to ?? "")")
        case .shardUnplaced: Topic(kind: event.kind, subject: "", detail: event.detail)
        case .converged: Topic(kind: event.kind, subject: "", detail: event.detail)
        case .cut, .healed: Self.link(event).map { _ in Topic(kind: event.kind, subject: "") }
        case .nodeStarted, .nodeKilled, .nodeFrozen, .nodeThawed, .nodeStopped,
            .downingDecision, .secondCluster, .coordinatorStarted, .entityStarted, .entityPassivated, .entityStopped,
            .reply,
            .messageLost, .expectationPassed, .expectationFailed, .invariantViolated, .note:
            nil
        }
    }

    private static func link(_ event: RuntimeEvent) -> String? {
        guard event.kind == .cut || event.kind == .healed, let from = event.from, let to = event.to else { return nil }
        return "\(from)→\(to)"
    }

    private mutating func trim() {
        let surplus = events.count - Self.kept
        for event in events.prefix(surplus) {
            numbers[event.id] = nil
            truths[event.id] = nil
        }
        events.removeFirst(surplus)
        base += surplus
        let gone = entries.prefix { $0.number < base }.count
        entries.removeFirst(gone)
        entryBase += gone
        topics = topics.filter { $0.value >= entryBase }
        groups = groups.filter { $0.key >= base }
    }

    /// Removes all events; the numbers continue.
    mutating func clear() {
        base = end
        entryBase += entries.count
        events = []
        entries = []
        numbers = [:]
        topics = [:]
        groups = [:]
        faults = [:]
        cuts = []
        truths = [:]
    }
}

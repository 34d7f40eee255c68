import CastyCore
import CastyObservability

/// The events that the console stores, oldest first, each with a number that never changes.
///
/// When several nodes observe the same change of a member within some seconds, it is one entry with all observers: five
/// nodes that detect one death make one line instead of five. The same applies to the shards that one node hands over
/// or allocates together, and to messages that one node loses for one reason.
///
/// Each level has its own limit, so that many events that matter little never push out the few that matter.
package struct EventLog: Sendable {
    /// The log stores at most twice as many events; of a flood of one level, about as many.
    static let kept = 4096
    /// The most events of a level that stay when the log is full.
    private static func kept(of level: EventKind.Level) -> Int { level == .info ? kept : kept / 4 }
    /// The most losses of one entry that are stored one by one; the others are counted.
    private static let samples = 20
    /// The longest time between observations of one change.
    private static let together: Duration = .seconds(3)

    /// The longest time from the first event of an entry to another one. A user's two cuts are two entries, but the
    /// links of one cut are cut together; the same applies to the shards of one decision.
    private static func reach(of kind: EventKind) -> Duration {
        if isOfLinks(kind) { return .milliseconds(50) }
        if kind == .messageLost { return .seconds(10) }
        return isOfShards(kind) ? .milliseconds(500) : together
    }

    private static func isOfLinks(_ kind: EventKind) -> Bool {
        [.cut, .healed, .linkImpaired, .linkRestored].contains(kind)
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
        /// The number of events, and the time of the latest.
        var count = 1
        var last: Instant?
    }

    private struct Topic: Hashable {
        var kind: EventKind
        var subject: String
        var detail: EventDetail?
    }

    private(set) var events: [RuntimeEvent] = []
    /// The numbers of the stored events, in their order.
    private var order: [Int] = []
    private(set) var entries: [Entry] = []
    /// The number of the next event.
    private(set) var end = 0
    /// The number of losses that were only counted.
    private(set) var counted = 0
    private var numbers: [EventID: Int] = [:]
    /// The number of the first event of the latest entry about a topic.
    private var topics: [Topic: Int] = [:]
    private(set) var names = NodeNames()
    /// The injected faults that are still active: by node, and the cuts.
    private var faults: [String: EventID] = [:]
    private var cuts: [RuntimeEvent] = []
    /// The latest change of a member in the view of each node.
    private var changes: [String: EventID] = [:]
    /// The injected fault behind each suspicion, which no node can know; the change behind each agreement.
    private var actualCauses: [EventID: EventID] = [:]
    /// The data that further events of an entry add to it.
    private var groups: [Int: Group] = [:]
    /// The losses of an entry that were only counted.
    private var tallies: [Int: LossTally] = [:]
    /// The number of events that were lost before they were read.
    private(set) var dropped: UInt64 = 0

    package init() {}

    /// The number of the oldest stored event.
    var base: Int { order.first ?? end }

    /// The event with a number, if it is still stored.
    subscript(number: Int) -> RuntimeEvent? { index(of: number).map { events[$0] } }

    private func index(of number: Int) -> Int? {
        // Without gaps, which is usual, the position follows from the first number.
        if let first = order.first, order.indices.contains(number - first), order[number - first] == number {
            return number - first
        }
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < order.count && order[low] == number ? low : nil
    }

    /// The number of an event, if it is still stored.
    func number(of id: EventID) -> Int? { numbers[id] }

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
            names.learn(event)
            classify(event)
            guard enter(event, number: end) else {
                counted += 1
                continue
            }
            numbers[event.id] = end
            order.append(end)
            events.append(event)
            end += 1
        }
        if events.count > 2 * Self.kept { trim() }
    }

    /// The injected fault behind a suspicion, `nil` if there is none and the suspicion is false; the change behind an
    /// agreement.
    func actualCause(behind event: RuntimeEvent) -> RuntimeEvent? { actualCauses[event.id].flatMap { self.event($0) } }

    private mutating func classify(_ event: RuntimeEvent) {
        let subject = event.subject ?? event.node
        if Self.isOfMembers(event.kind) { changes[event.node] = event.id }
        if event.kind == .nodeKilled || event.kind == .nodeFrozen {
            faults[subject] = event.id
        } else if event.kind == .nodeStarted || event.kind == .nodeThawed {
            faults[subject] = nil
        } else if event.kind == .cut {
            cuts.append(event)
        } else if event.kind == .healed {
            cuts = event.from == nil ? [] : cuts.filter { $0.from != event.from || $0.to != event.to }
        } else if event.kind == .converged {
            // A view is agreed on after the change that made it.
            actualCauses[event.id] = changes[event.node]
        } else if event.kind == .suspected {
            actualCauses[event.id] = faults[subject] ?? cuts.last { Self.touches($0, subject) }?.id
        }
    }

    private static func isOfMembers(_ kind: EventKind) -> Bool {
        [.memberJoining, .memberUp, .memberLeaving, .memberExiting, .memberDown, .memberRemoved, .memberReachable]
            .contains(kind)
    }

    /// Whether a cut concerns a node; a cut without names concerns all nodes.
    private static func touches(_ cut: RuntimeEvent, _ node: String) -> Bool {
        guard cut.from != nil || cut.to != nil else { return true }
        return [cut.from, cut.to].contains { $0?.split(separator: ",").contains { $0 == node } ?? false }
    }

    /// Makes an event an entry, or a part of one.
    ///
    /// - Returns: Whether to store it.
    private mutating func enter(_ event: RuntimeEvent, number: Int) -> Bool {
        guard let topic = topic(of: event) else {
            entries.append(Entry(number: number, level: event.kind.level))
            return true
        }
        if let first = topics[topic], let earlier = self[first] {
            var group = group(of: first)
            let isLoss = event.kind == .messageLost
            // A second observation by the same node is a second event.
            let again =
                !isLoss && Self.link(event) == nil && event.shard == nil && group.observers.contains(event.node)
            let since = isLoss ? group.last ?? earlier.time : earlier.time
            if !again, event.time - since <= Self.reach(of: event.kind) {
                if !group.observers.contains(event.node) { group.observers.append(event.node) }
                if let link = Self.link(event) { group.links.append(link) }
                if !isLoss, let shard = event.shard, !group.shards.contains(shard) { group.shards.append(shard) }
                group.count += 1
                group.last = event.time
                groups[first] = group
                if !isLoss || group.count <= Self.samples { return true }
                tallies[first, default: LossTally()].add(at: event.time)
                return false
            }
        }
        topics[topic] = number
        entries.append(Entry(number: number, level: event.kind.level))
        return true
    }

    /// The topic that groups several events of a kind into one entry; `nil` if each event is an entry of its own.
    private func topic(of event: RuntimeEvent) -> Topic? {
        switch event.kind {
        case .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberDown, .memberRemoved,
            .suspected, .memberUnreachable, .memberReachable, .leaderChanged:
            event.subject.map { Topic(kind: event.kind, subject: $0) }
        case .shardAllocated, .handoffBegun, .shardMoved, .shardStarted, .shardStopped:
            Topic(kind: event.kind, subject: "\(event.node)>\(event.from ?? "")>\(event.to ?? "")")
        case .shardUnplaced: Topic(kind: event.kind, subject: "", detail: event.detail)
        case .converged: Topic(kind: event.kind, subject: "", detail: event.detail)
        case .messageLost: Topic(kind: event.kind, subject: LossWords(event, names).topic)
        case .cut, .healed, .linkImpaired, .linkRestored:
            Self.link(event).map { _ in Topic(kind: event.kind, subject: "", detail: event.detail) }
        case .nodeStarted, .nodeKilled, .nodeFrozen, .nodeThawed, .nodeStopped,
            .downingDecision, .secondCluster, .coordinatorStarted, .entityStarted, .entityPassivated, .entityStopped,
            .reply, .expectationPassed, .expectationFailed, .invariantViolated, .note:
            nil
        }
    }

    private static func link(_ event: RuntimeEvent) -> String? {
        guard isOfLinks(event.kind), let from = event.from, let to = event.to else { return nil }
        return "\(from)→\(to)"
    }

    /// Removes the oldest events of each level that has more than its share.
    private mutating func trim() {
        var room: [EventKind.Level: Int] = [:]
        for level in EventKind.Level.allCases { room[level] = Self.kept(of: level) }
        var stays = [Bool](repeating: false, count: events.count)
        for index in events.indices.reversed() {
            let level = events[index].kind.level
            guard let left = room[level], left > 0 else { continue }
            room[level] = left - 1
            stays[index] = true
        }
        for index in events.indices where !stays[index] {
            numbers[events[index].id] = nil
            actualCauses[events[index].id] = nil
        }
        let kept = events.indices.filter { stays[$0] }
        events = kept.map { events[$0] }
        order = kept.map { order[$0] }
        entries = entries.filter { index(of: $0.number) != nil }
        topics = topics.filter { index(of: $0.value) != nil }
        groups = groups.filter { index(of: $0.key) != nil }
        tallies = tallies.filter { index(of: $0.key) != nil }
    }

    /// Removes all events later than a time; the numbers continue.
    mutating func rewind(to time: Instant) {
        let past = events.filter { $0.time <= time }
        let counts = tallies.map { (event: self[$0.key]?.id, tally: $0.value.upTo(time)) }
        clear()
        append(past)
        for (event, tally) in counts where tally.total > 0 {
            guard let first = event.flatMap({ number(of: $0) }) else { continue }
            var group = group(of: first)
            group.count += tally.total
            group.last = [group.last, tally.last].compactMap(\.self).max()
            groups[first] = group
            tallies[first] = tally
        }
    }

    /// Removes all events; the numbers continue.
    mutating func clear() {
        events = []
        order = []
        entries = []
        numbers = [:]
        topics = [:]
        groups = [:]
        tallies = [:]
        faults = [:]
        cuts = []
        actualCauses = [:]
        changes = [:]
    }
}

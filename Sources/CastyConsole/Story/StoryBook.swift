import CastyCore
import CastyObservability

/// The stories of all faults, oldest first: decides which story an event belongs to.
///
/// It looks at new events only; while no story is open, an event costs one comparison of its kind.
struct StoryBook: Sendable {
    /// The most stories that it stores.
    private static let kept = 32
    /// Faults of one kind within this time are one fault: a person marks several nodes, a cut has several links.
    private static let together: Duration = .milliseconds(50)
    /// How long a story stays on the screen after its end.
    static let afterglow: Duration = .seconds(20)
    /// Nodes that start together at the beginning are no story.
    private static let beginning: Duration = .seconds(3)

    private(set) var stories: [FaultStory] = []
    /// How many messages the cluster had lost before the event that is taken in.
    private var lost: UInt64 = 0

    /// The story to show: the newest one that is open, or whose end is recent.
    func shown(at now: Instant) -> FaultStory? {
        stories.last { story in story.ended.map { now - $0 <= Self.afterglow } ?? true }
    }

    /// The latest story that an event belongs to as its fault or as one of its steps.
    func story(of event: RuntimeEvent) -> FaultStory? {
        if event.kind == .messageLost, let story = stories.last(where: { $0.tells(event) }) { return story }
        if event.kind == .healed, let story = stories.last(where: { $0.mends(event) }) { return story }
        return stories.last { $0.id == event.id }
            ?? stories.last { story in
                story.begun <= event.time && (story.ended ?? event.time) >= event.time
                    && (story.victims.contains(event.concerned) || story.isEndpoint(event.concerned))
            }
    }

    /// The latest story about a node; for a node that is gone, the one in which it went.
    func story(about node: String, isGone: Bool = false) -> FaultStory? {
        let latest = stories.last { $0.victims.contains(node) || $0.isEndpoint(node) }
        guard isGone else { return latest }
        // An earlier incarnation may have gone too.
        return stories.last { $0.victims.contains(node) && ($0.isGone || $0.fault.isArrival) }
            .flatMap { $0.fault.isArrival ? nil : $0 } ?? latest
    }

    /// Takes in events, and the snapshots before and after them.
    mutating func take(
        _ events: [RuntimeEvent], dropped: UInt64, before: ClusterSnapshot, after: ClusterSnapshot
    ) {
        lost = before.lost
        for event in events {
            take(event, before)
            if event.kind == .messageLost { lost = min(lost + 1, max(before.lost, after.lost)) }
        }
        for index in stories.indices where stories[index].isOpen { stories[index].missed += dropped }
        look(after)
        if stories.count > Self.kept { stories.removeFirst(stories.count - Self.kept) }
    }

    /// Takes in a snapshot: what was lost so far, and what has ended.
    mutating func look(_ snapshot: ClusterSnapshot) {
        for index in stories.indices {
            let isLatest = index == stories.count - 1
            if stories[index].isOpen || isLatest && stories[index].isFollowed(at: snapshot.time) {
                stories[index].see(lost: snapshot.lost)
            }
            stories[index].on(snapshot)
        }
    }

    /// Removes the stories that began after a time to which the run was turned back, and tells the others again.
    mutating func rewind(to time: Instant, _ events: [RuntimeEvent], _ snapshot: ClusterSnapshot) {
        let past = stories.filter { $0.begun <= time }
        stories = []
        for event in events where event.time <= time { take(event, snapshot) }
        for index in stories.indices {
            guard let old = past.first(where: { $0.id == stories[index].id }) else { continue }
            stories[index].adopt(old, upTo: time)
        }
    }

    private mutating func take(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        switch event.kind {
        case .nodeKilled: begin(.killed, event, snapshot)
        case .nodeFrozen: begin(.frozen, event, snapshot)
        case .cut: begin(cut: event, snapshot)
        case .memberLeaving: leave(event, snapshot)
        case .handoffBegun: handOver(event, snapshot)
        case .nodeStarted: start(event, snapshot)
        case .nodeThawed: resume(event, snapshot)
        case .nodeStopped:
            if !resume(event, snapshot) { begin(.stopped, event, snapshot) }
        case .healed: heal(event, snapshot)
        case .memberUnreachable:
            if !route(event, snapshot) { begin(.silent, event, snapshot) }
        case .suspected, .memberReachable, .memberDown, .memberExiting, .memberRemoved:
            route(event, snapshot)
        case .memberJoining, .memberWeaklyUp, .memberUp:
            update(last: { $0.isOpen && $0.fault.isArrival && $0.victims.contains(event.concerned) }, event, snapshot)
        case .downingDecision: decide(event, snapshot)
        case .shardStarted, .shardMoved, .shardUnplaced:
            update(last: { $0.isOpen && $0.follows(event) }, event, snapshot)
        case .messageLost: update(last: { $0.isFollowed(at: event.time) && $0.explains(event) }, event, snapshot)
        case .converged: for index in stories.indices where stories[index].isOpen { stories[index].on(event, snapshot) }
        case .leaderChanged, .coordinatorStarted, .secondCluster:
            update(last: { $0.isOpen && !$0.fault.isArrival && ($0.isGone || $0.fault == .cut) }, event, snapshot)
        case .note:
            if event.leaseWait != nil {
                route(event, snapshot)
            } else if event.isLeaseLapse {
                update(
                    last: { $0.isOpen && ($0.victims.contains(event.node) || $0.isEndpoint(event.node)) }, event,
                    snapshot)
            }
        case .linkImpaired, .linkRestored, .shardAllocated, .shardStopped, .entityStarted, .entityPassivated,
            .entityStopped, .reply,
            .expectationPassed, .expectationFailed, .invariantViolated:
            break
        }
    }

    /// Gives an event to the latest story for which a condition holds.
    @discardableResult
    private mutating func update(
        last condition: (FaultStory) -> Bool, _ event: RuntimeEvent, _ snapshot: ClusterSnapshot
    ) -> Bool {
        guard let index = stories.lastIndex(where: condition) else { return false }
        stories[index].on(event, snapshot)
        return true
    }

    /// Gives an event about a member to the story of this node's fault, or else of a cut at this node.
    @discardableResult
    private mutating func route(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) -> Bool {
        let node = event.concerned
        return update(last: { $0.isOpen && !$0.fault.isArrival && $0.victims.contains(node) }, event, snapshot)
            || update(last: { $0.isOpen && $0.isEndpoint(node) }, event, snapshot)
    }

    private mutating func begin(_ fault: StoryFault, _ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        if let last = stories.indices.last, stories[last].isOpen, stories[last].fault == fault, fault != .silent,
            event.time - stories[last].begun <= Self.together
        {
            return stories[last].add(victim: event.concerned, snapshot)
        }
        if fault == .killed || fault == .frozen {
            // The earlier story of the node ends here.
            for index in stories.indices where stories[index].isOpen && stories[index].victims == [event.concerned] {
                if fault == .killed { stories[index].on(event, snapshot) }
                stories[index].ended = event.time
            }
        }
        var story = FaultStory(fault, event, lostBefore: lost)
        story.add(victim: event.concerned, snapshot)
        if fault == .silent { story.on(event, snapshot) }
        stories.append(story)
    }

    private mutating func begin(cut event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        let link = FaultStory.Direction(from: event.from ?? "", to: event.to ?? "")
        if let last = stories.indices.last, stories[last].isOpen, stories[last].fault == .cut,
            event.time - stories[last].begun <= Self.together
        {
            stories[last].add(link: link, snapshot)
            return
        }
        var story = FaultStory(.cut, event, lostBefore: lost)
        story.add(link: link, snapshot)
        stories.append(story)
    }

    private mutating func leave(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        let node = event.concerned
        if stories.contains(where: { $0.isOpen && $0.fault == .leaving && $0.victims.contains(node) }) { return }
        begin(.leaving, event, snapshot)
    }

    private mutating func handOver(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        if event.isDrain { return drain(event, snapshot) }
        guard event.isMoveByHand else {
            update(last: { $0.isOpen && $0.receives(event) }, event, snapshot)
            return
        }
        if let last = stories.indices.last, stories[last].isOpen, stories[last].fault == .moved,
            event.time - stories[last].begun <= Self.together
        {
            return stories[last].on(event, snapshot)
        }
        var story = FaultStory(.moved, event, lostBefore: lost)
        story.on(event, snapshot)
        stories.append(story)
    }

    private mutating func drain(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        guard let node = event.from else { return }
        if stories.contains(where: { $0.isOpen && $0.fault == .drained && $0.victims.contains(node) }) { return }
        var story = FaultStory(.drained, event, lostBefore: lost)
        story.add(victim: node, snapshot)
        stories.append(story)
    }

    private mutating func start(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        let node = event.concerned
        update(last: { $0.isOpen && !$0.fault.isArrival && $0.victims.contains(node) }, event, snapshot)
        guard event.time - .start >= Self.beginning, snapshot.nodes.contains(where: { $0.state == .running }) else {
            return
        }
        let isKnown = snapshot.nodes.contains { $0.name == node }
        begin(isKnown ? .restarted : .added, event, snapshot)
    }

    /// Gives an event to the latest story about the node, even if that story had ended.
    @discardableResult
    private mutating func resume(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) -> Bool {
        let node = event.concerned
        let index =
            stories.lastIndex { $0.isOpen && !$0.fault.isArrival && $0.victims.contains(node) }
            ?? stories.lastIndex { $0.isOpen && $0.isEndpoint(node) }
            ?? stories.lastIndex { !$0.fault.isArrival && $0.victims.contains(node) && $0.fault != .drained }
        guard let index else { return false }
        if !stories[index].isOpen {
            // A node that had stopped long before stops again: that is another story.
            if stories[index].has(.stopped) || stories[index].fault == .killed || stories[index].has(.restarted) {
                return false
            }
            stories[index].ended = nil
            stories[index].isUnfinished = false
        }
        stories[index].on(event, snapshot)
        return true
    }

    private mutating func heal(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        for index in stories.indices where stories[index].fault == .cut && !stories[index].openLinks.isEmpty {
            if let from = event.from, let to = event.to, !stories[index].openLinks.contains(.init(from: from, to: to)) {
                continue
            }
            stories[index].on(event, snapshot)
            if stories[index].openLinks.isEmpty {
                stories[index].ended = nil
                stories[index].isUnfinished = false
            }
        }
    }

    private mutating func decide(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        let downed = event.downedNodes
        let isAbout = { (story: FaultStory) in
            story.isOpen && !story.fault.isArrival && downed.contains { story.victims.contains($0) }
        }
        if update(last: isAbout, event, snapshot) { return }
        update(last: { story in story.isOpen && downed.contains { story.isEndpoint($0) } }, event, snapshot)
    }
}

import CastyCore
import CastyObservability

/// The story of one fault: what happened, why, where the shards went and what was lost.
///
/// Events and snapshots go in, in their order; ``FaultStory/sentence(columns:rows:)`` tells the story in one sentence,
/// ``FaultStory/lines`` tells it step by step. What no event and no snapshot says is left out.
struct FaultStory: Hashable, Sendable {
    /// A shard of one type.
    struct ShardID: Hashable, Sendable {
        var type: String
        var shard: Int
    }

    /// One direction of a link.
    struct Direction: Hashable, Sendable {
        var from: String
        var to: String
    }

    let fault: StoryFault
    let id: EventID
    let begun: Instant
    /// Whether a person or a scenario did it.
    let isByPerson: Bool
    /// The nodes that the fault is about; for a cut, the nodes that were removed because of it.
    private(set) var victims: [String] = []
    /// The directions that were cut, and those of them that are still cut.
    private(set) var links: [Direction] = []
    var openLinks: Set<Direction> = []
    private(set) var steps: [StoryStep] = []
    /// The shards that the victims hosted, and the new home of each that has one.
    private(set) var orphans: Set<ShardID> = []
    private(set) var homes: [ShardID: String] = [:]
    /// The entities that the victims hosted.
    private(set) var entities = 0
    /// The entities that had no store for their state, by type.
    private(set) var unstored: [String: Int] = [:]
    /// The shards whose entities were counted when they began to move.
    private var counted: Set<ShardID> = []
    /// Whether all of these entities are remembered, and so start by themselves.
    private(set) var remembers = true
    /// The lost messages, by reason.
    private(set) var losses: [String: Int] = [:]
    private var tally = LossTally()
    /// How many messages the cluster had lost before the fault, and as far as the story was followed.
    private var lostBefore: UInt64
    private var lostSince: UInt64
    /// The number of events that the console missed meanwhile.
    var missed: UInt64 = 0
    /// What the nodes have announced to do next.
    var next: String?
    /// When the latest step was added.
    private(set) var changed: Instant
    /// When its consequences had ended.
    var ended: Instant?
    /// Whether it ended because nothing came of it any more, with something still open.
    var isUnfinished = false
    /// The addresses of the victims.
    private var addresses: Set<String> = []
    /// The addresses of nodes to which links were cut, with their names.
    private var targets: [String: String] = [:]

    init(_ fault: StoryFault, _ event: RuntimeEvent, lostBefore: UInt64) {
        self.fault = fault
        self.lostBefore = lostBefore
        lostSince = lostBefore
        id = event.id
        begun = event.time
        changed = event.time
        isByPerson = event.isByPerson || event.isDrain || event.isMoveByHand
        steps = [
            StoryStep(
                kind: .fault, time: event.time, last: event.time, nodes: [], observers: [], reason: event.reasonWords)
        ]
    }

    var isOpen: Bool { ended == nil }
    /// The losses that events tell of, and that the fault explains.
    var lost: Int { losses.values.reduce(0, +) }
    /// The losses while the story was followed, also those of which no event tells why.
    var lostMeanwhile: Int { max(lost, lostSince > lostBefore ? Int(clamping: lostSince - lostBefore) : 0) }

    /// Whether a loss now may still be one of this story: some become known late.
    func isFollowed(at now: Instant) -> Bool { ended.map { now - $0 <= StoryBook.afterglow } ?? true }

    /// Whether the cluster has gone on without a victim.
    var isGone: Bool {
        fault == .killed || fault == .stopped || fault == .leaving || has(.down) || has(.removed) || has(.stopped)
    }

    func has(_ kind: StoryStep.Kind) -> Bool { steps.contains { $0.kind == kind } }

    func step(_ kind: StoryStep.Kind) -> StoryStep? { steps.last { $0.kind == kind } }

    /// Whether a node is at an end of a cut link.
    func isEndpoint(_ node: String) -> Bool { links.contains { $0.from == node || $0.to == node } }

    /// Adds a node whose shards and entities the story follows, as the latest snapshot shows them.
    mutating func add(victim name: String, _ snapshot: ClusterSnapshot) {
        guard !victims.contains(name) else { return }
        victims.append(name)
        if fault != .cut { steps[0].nodes.add(name) }
        guard let node = snapshot.nodes.last(where: { $0.name == name }) else { return }
        addresses.insert(Self.address(of: node))
        guard !fault.isArrival else { return }
        for region in node.sharding {
            for shard in region.shards { orphans.insert(ShardID(type: region.type, shard: shard.shard)) }
            count(entities: region.shards.reduce(0) { $0 + $1.entityCount }, of: region)
        }
    }

    private mutating func count(entities count: Int, of region: ShardingSnapshot) {
        guard count > 0 else { return }
        entities += count
        if !region.remembers { remembers = false }
        if region.isStored == false { unstored[region.type, default: 0] += count }
    }

    /// Takes in that a shard is handed over: its entities stop, as the latest snapshot shows them.
    mutating func hand(over event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        guard let number = event.shard, let from = event.from else { return }
        let shard = ShardID(type: event.shardType, shard: number)
        if fault == .moved { orphans.insert(shard) }
        guard counted.insert(shard).inserted, let node = snapshot.nodes.last(where: { $0.name == from }) else { return }
        for region in node.sharding where event.shardType.isEmpty || region.type == event.shardType {
            for hosted in region.shards where hosted.shard == number { count(entities: hosted.entityCount, of: region) }
        }
    }

    /// Adds a step, or adds to the latest step of its kind when it is a part of it.
    mutating func note(_ kind: StoryStep.Kind, _ event: RuntimeEvent, nodes: [String], reason: String? = nil) {
        changed = event.time
        let together: Duration = .seconds(kind == .moved ? 30 : 5)
        if let index = steps.lastIndex(where: { $0.kind == kind }), event.time - steps[index].last <= together {
            steps[index].last = event.time
            for node in nodes { steps[index].nodes.add(node) }
            steps[index].observers.add(event.node)
            return
        }
        guard steps.count < Self.mostSteps else { return }
        steps.append(
            StoryStep(
                kind: kind, time: event.time, last: event.time, nodes: nodes, observers: [event.node], reason: reason))
    }

    /// Adds shards to the latest step of a kind.
    mutating func count(_ shards: Int, until: Instant? = nil, in kind: StoryStep.Kind) {
        guard let index = steps.lastIndex(where: { $0.kind == kind }) else { return }
        steps[index].shards += shards
        if let until { steps[index].until = max(until, steps[index].until ?? until) }
    }

    /// Records the new home of a shard.
    ///
    /// - Returns: Whether it was news.
    mutating func move(_ shard: ShardID, to node: String) -> Bool {
        guard homes[shard] == nil else { return false }
        homes[shard] = node
        return true
    }

    /// Adds a direction of a link that was cut.
    mutating func add(link: Direction, _ snapshot: ClusterSnapshot) {
        links.add(link)
        openLinks.insert(link)
        guard let node = snapshot.nodes.last(where: { $0.name == link.to }) else { return }
        targets[Self.address(of: node)] = link.to
    }

    private static func address(of node: NodeSnapshot) -> String {
        "\(node.node.address.host):\(node.node.address.port)"
    }

    /// Takes over what events alone do not say, up to a time, from an earlier telling of this story.
    mutating func adopt(_ story: FaultStory, upTo time: Instant) {
        orphans = story.orphans
        entities = story.entities
        (remembers, unstored, counted) = (story.remembers, story.unstored, story.counted)
        missed = story.missed
        (addresses, targets) = (story.addresses, story.targets)
        tally = story.tally.upTo(time)
        losses = tally.byReason
        (lostBefore, lostSince) = (story.lostBefore, story.lostSince)
        if let end = story.ended, end <= time { (ended, isUnfinished) = (end, story.isUnfinished) }
    }

    mutating func lose(_ reason: String, at time: Instant) {
        losses[reason, default: 0] += 1
        tally.add(reason, at: time)
    }

    /// Takes in how many messages the cluster has lost.
    mutating func see(lost: UInt64) { lostSince = lost }

    /// Whether a lost message was lost because of this fault.
    func explains(_ loss: RuntimeEvent) -> Bool {
        if victims.contains(loss.node) { return true }
        if let to = loss.to, victims.contains(to) { return true }
        if let address = loss.lostAddress.map(String.init) {
            if let to = targets[address], links.contains(Direction(from: loss.node, to: to)) { return true }
            return addresses.contains(address)
        }
        if loss.isFromTestbed { return loss.time == begun }
        guard isGone, let shard = loss.shard else { return false }
        return orphans.contains { $0.shard == shard }
    }

    /// Whether the story tells of a lost message.
    func tells(_ loss: RuntimeEvent) -> Bool {
        begun <= loss.time && isFollowed(at: loss.time) && explains(loss)
    }

    /// Whether links that the fault cut were healed by this.
    func mends(_ heal: RuntimeEvent) -> Bool {
        guard fault == .cut, begun <= heal.time, (ended ?? heal.time) >= heal.time else { return false }
        guard let from = heal.from, let to = heal.to else { return true }
        return links.contains(Direction(from: from, to: to))
    }

    /// A story that goes round in circles is reported no further.
    private static let mostSteps = 40
}

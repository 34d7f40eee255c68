import CastyCore
import CastyObservability

@testable import CastyConsole

/// Events and snapshots for stories, written by hand.
struct StoryScript {
    var book = StoryBook()
    /// The shards of each node.
    var shards: [String: [Int]]
    var entitiesPerShard = 4
    var remembers = false
    var isStored: Bool?
    var states: [String: NodeState] = [:]
    /// The nodes that are no members any more.
    var gone: Set<String> = []
    var unreachable: Set<String> = []
    /// How many messages the cluster has lost.
    var lost: UInt64 = 0
    private(set) var snapshot: ClusterSnapshot
    private var number: UInt64 = 0

    init(_ shards: [String: [Int]]) {
        self.shards = shards
        snapshot = ClusterSnapshot(time: .start, version: 0, nodes: [])
        snapshot = picture(at: 0)
    }

    static func instant(_ seconds: Double) -> Instant {
        Instant(nanoseconds: Int64((seconds * 1000).rounded()) * 1_000_000)
    }

    func event(
        _ seconds: Double, _ node: String, _ kind: EventKind, _ subject: String? = nil, shard: Int? = nil,
        from: String? = nil, to: String? = nil, reason: EventReason? = nil, detail: EventDetail? = nil
    ) -> RuntimeEvent {
        RuntimeEvent(
            time: Self.instant(seconds), id: EventID(node: node, number: number), kind: kind, subject: subject,
            shard: shard, from: from, to: to, reason: reason, detail: detail)
    }

    /// An event happens, and no snapshot is taken.
    mutating func on(
        _ seconds: Double, _ node: String, _ kind: EventKind, _ subject: String? = nil, shard: Int? = nil,
        from: String? = nil, to: String? = nil, reason: EventReason? = nil, detail: EventDetail? = nil
    ) {
        number += 1
        let event = event(
            seconds, node, kind, subject, shard: shard, from: from, to: to, reason: reason, detail: detail)
        book.take([event], dropped: 0, before: snapshot, after: snapshot)
    }

    /// A snapshot is taken.
    mutating func look(_ seconds: Double, dropped: UInt64 = 0) {
        let next = picture(at: seconds)
        book.take([], dropped: dropped, before: snapshot, after: next)
        snapshot = next
    }

    func address(of node: String) -> NodeAddress { NodeAddress(host: "127.0.0.\(node.dropFirst())", port: 25520) }

    private func picture(at seconds: Double) -> ClusterSnapshot {
        let names = shards.keys.sorted()
        let nodes = names.map { name in
            let unique = UniqueAddress(address: address(of: name), incarnation: 1)
            var membership = MembershipSnapshot()
            membership.members = names.filter { !gone.contains($0) }.map {
                MemberSnapshot(
                    node: UniqueAddress(address: address(of: $0), incarnation: 1), name: $0, status: .up,
                    unreachable: unreachable.contains($0))
            }
            membership.converged = unreachable.isEmpty
            var region = ShardingSnapshot(type: "account", shardCount: 24)
            region.remembers = remembers
            region.isStored = isStored
            region.shards = (shards[name] ?? []).map {
                ShardSnapshot(
                    shard: $0, state: .running, entities: [], entityCount: entitiesPerShard, handled: 0)
            }
            return NodeSnapshot(
                name: name, node: unique, time: Self.instant(seconds), state: states[name] ?? .running,
                membership: membership, sharding: [region])
        }
        return ClusterSnapshot(
            time: Self.instant(seconds), version: UInt64(seconds * 1000), nodes: nodes, lost: lost)
    }

    var story: FaultStory? { book.stories.last }
    /// The whole sentence of the newest story.
    var sentence: String { story?.sentence(columns: 1000, rows: 1).joined() ?? "" }
}

extension StoryScript {
    /// n3 of five nodes is killed, and the others go on.
    static func kill() -> StoryScript {
        var script = StoryScript(["n1": [1], "n2": [2], "n3": [3, 4, 5, 6, 7], "n4": [8], "n5": [9]])
        script.look(8.9)
        script.on(9.0, EventID.testbed, .nodeKilled, "n3")
        script.states["n3"] = .killed
        script.unreachable = ["n3"]
        for node in ["n1", "n2", "n4", "n5"] {
            script.on(10.3, node, .suspected, "n3", reason: .membership(.silence(phi: 4, silence: .seconds(1.4))))
            script.on(
                10.4, node, .memberUnreachable, "n3", reason: .membership(.silence(phi: 8, silence: .seconds(1.5))),
                detail: .observers(["n1"], witness: nil))
        }
        script.look(10.5)
        return script
    }

    /// The majority removes n3, and its shards start elsewhere when its lease has ended.
    mutating func removal() {
        on(
            13.4, "n1", .downingDecision, reason: .downing(.majority(.stays(.init(4, of: 5), byLowestAddress: false))),
            detail: .downs(["n3"]))
        on(13.4, "n1", .memberDown, "n3", reason: .membership(.downing))
        on(13.4, "n1", .memberRemoved, "n3", reason: .membership(.leaderAction(version: 9)), detail: .lastStatus(.down))
        on(
            13.4, "n1", .note, "n3",
            detail: .sharding(type: "account", .waitsForLease(shards: 5, until: Self.instant(16.4))))
        for node in ["n1", "n2", "n4", "n5"] { on(13.5, node, .converged, detail: .version(10)) }
        unreachable = []
        gone = ["n3"]
        look(13.6)
    }

    mutating func moves() {
        for (shard, node) in [(3, "n1"), (4, "n2"), (5, "n4"), (6, "n5"), (7, "n1")] {
            on(16.4, node, .shardStarted, shard: shard, detail: .type("account"))
            on(16.4, "n1", .shardMoved, shard: shard, from: "n3", to: node, detail: .type("account"))
        }
    }
}

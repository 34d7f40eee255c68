import CastyConsole
import CastyCore
import CastyObservability

/// A make-believe cluster whose snapshots tell a story: heartbeats, silence, suspicion, shards that move.
struct SampleCluster {
    struct Node {
        var number: Int
        var state = NodeState.running
        /// `nil` when it was removed.
        var status: MemberStatus? = .joining
        var unreachable = false
        var drained = false
        var started: Instant
        var lastHeartbeat: Instant
        var incarnation: UInt64 = 1
        var name: String { "n\(number)" }
        var unique: UniqueAddress {
            UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 25520), incarnation: incarnation)
        }
    }

    var now = Instant.start
    var version: UInt64 = 1
    var gossip: UInt64 = 400
    var nodes: [Node] = []
    var links: [LinkSnapshot] = []
    var loads: [LoadSnapshot] = []
    var homes: [Int: Int] = [:]
    var shardCount: Int
    var entities = 0
    var events: [RuntimeEvent] = []
    var paused = false
    var speed = 1.0
    var lost: UInt64 = 0
    private var numbers: [String: UInt64] = [:]
    private var silentSince: [Int: EventID] = [:]

    init(nodes count: Int, shards: Int = 64) {
        shardCount = shards
        for number in 1...max(1, count) where count > 0 { start(number) }
        for index in nodes.indices { nodes[index].status = .up }
        entities = count > 0 ? 640 : 0
        settle()
    }

    @discardableResult
    mutating func note(
        _ node: String, _ kind: EventKind, subject: String? = nil, shard: Int? = nil, from: String? = nil,
        to: String? = nil, reason: EventReason? = nil, detail: EventDetail? = nil, causes: [EventID] = []
    ) -> EventID {
        let number = (numbers[node] ?? 0) + 1
        numbers[node] = number
        let id = EventID(node: node, number: number)
        events.append(
            RuntimeEvent(
                time: now, id: id, kind: kind, subject: subject, shard: shard, from: from, to: to, reason: reason,
                detail: detail, causes: causes))
        version += 1
        return id
    }

    mutating func start(_ number: Int) {
        if let index = nodes.firstIndex(where: { $0.number == number }) {
            nodes[index].state = .running
            nodes[index].status = .joining
            nodes[index].unreachable = false
            nodes[index].incarnation += 1
            nodes[index].lastHeartbeat = now
            nodes[index].started = now
        } else {
            nodes.append(Node(number: number, started: now, lastHeartbeat: now))
        }
        let id = note(EventID.testbed, .nodeStarted, subject: "n\(number)")
        note("n1", .memberJoining, subject: "n\(number)", causes: [id])
        gossip += 2
    }

    mutating func silence(_ number: Int, _ state: NodeState) {
        guard let index = nodes.firstIndex(where: { $0.number == number }) else { return }
        nodes[index].state = state
        silentSince[number] = note(EventID.testbed, state == .killed ? .nodeKilled : .nodeFrozen, subject: "n\(number)")
    }

    /// Gives every shard a home among those that are up.
    mutating func settle() {
        let up = nodes.filter { $0.state == .running && $0.status == .up }.map(\.number)
        guard !up.isEmpty else { return }
        for shard in 0..<shardCount where homes[shard].map({ !up.contains($0) }) ?? (shard < shardCount - 2) {
            let home = up[shard % up.count]
            if let before = homes[shard] {
                note(
                    "n\(up[0])", .shardMoved, shard: shard, from: "n\(before)", to: "n\(home)",
                    reason: .allocation(.ownerRemoved), detail: .type("account"))
            }
            homes[shard] = home
        }
    }

    func phi(of node: Node) -> Double {
        let silent = (now - node.lastHeartbeat).inSeconds
        let over = silent - 1.2
        return over < 0 ? 0.05 + 0.3 * max(0, silent) : min(300, 0.4 + over * over * 5)
    }

    /// Lets time go on by this much.
    mutating func advance(_ duration: Duration) {
        now = now + duration
        version += 1
        for index in nodes.indices {
            let node = nodes[index]
            if node.state == .running {
                if (now - node.lastHeartbeat).inSeconds >= 0.2 { nodes[index].lastHeartbeat = now }
                if node.status == .joining, (now - node.started).inSeconds > 1 {
                    nodes[index].status = .up
                    gossip += 1
                    note("n1", .memberUp, subject: node.name)
                }
                if node.unreachable {
                    nodes[index].unreachable = false
                    gossip += 1
                    note("n1", .memberReachable, subject: node.name)
                }
            } else if node.status != nil {
                silence(index, node)
            }
        }
    }

    private mutating func silence(_ index: Int, _ node: Node) {
        let phi = phi(of: node)
        let origin = silentSince[node.number].map { [$0] } ?? []
        if phi >= 8, !node.unreachable, node.status != .down {
            nodes[index].unreachable = true
            gossip += 1
            let suspected = note("n1", .suspected, subject: node.name, reason: .text("phi 8.1"), causes: origin)
            note("n2", .memberUnreachable, subject: node.name, reason: .text("phi 8.1 > 8.0"), causes: [suspected])
            silentSince[node.number] = suspected
        }
        let silent = (now - node.lastHeartbeat).inSeconds
        if silent > 6, node.status != .down {
            nodes[index].status = .down
            gossip += 1
            let decision = note(
                "n1", .downingDecision, subject: node.name, reason: .text("keep-majority"), causes: origin)
            note("n1", .memberDown, subject: node.name, causes: [decision])
        } else if silent > 9 {
            nodes[index].status = nil
            gossip += 1
            note("n1", .memberRemoved, subject: node.name)
            settle()
        }
    }

    func snapshot() -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(
            time: now, version: version, nodes: nodes.map(view), links: links, paused: paused, speed: speed,
            envelopesPerSecond: nodes.isEmpty ? 0 : 640, lost: lost)
        snapshot.loads = loads
        return snapshot
    }

    /// The decisions of keep-majority, in its simplest form, about a cut.
    func forecast(cutting names: [String]) -> PartitionForecast? {
        let votes = nodes.count { $0.status == .up }
        let running = nodes.filter { $0.state == .running }.map(\.name)
        let sides = [running.filter { names.contains($0) }, running.filter { !names.contains($0) }]
        guard sides.allSatisfy({ !$0.isEmpty }) else { return nil }
        return PartitionForecast(
            sides: sides.map { side in
                let stays = side.count * 2 > votes
                return .init(
                    nodes: side, verdict: stays ? .stays : .goes,
                    reason: .majority(
                        stays
                            ? .stays(.init(side.count, of: votes), byLowestAddress: false)
                            : .tooFew(.init(side.count, of: votes))))
            })
    }

    private func view(of node: Node) -> NodeSnapshot {
        let members = nodes.filter { $0.status != nil }
        let lag: UInt64 = node.number == 4 && nodes.count > 4 ? 1 : 0
        var membership = MembershipSnapshot()
        membership.members = members.map {
            MemberSnapshot(
                node: $0.unique, name: $0.name, status: $0.status ?? .down, upNumber: $0.number,
                unreachable: $0.unreachable)
        }
        membership.leader = nodes.first?.unique
        membership.oldest = nodes.first { $0.status == .up }?.unique
        membership.converged = !members.contains(where: \.unreachable)
        membership.waitingFor = members.filter(\.unreachable).map {
            Waiting(.unreachable($0.unique, by: [nodes[0].unique]))
        }
        membership.clock = nodes.map {
            ClockEntry(
                node: $0.unique, name: $0.name, counter: gossip - min(gossip - 1 - lag, UInt64(13 * $0.number)) - lag)
        }
        membership.gossipVersion = gossip - lag
        membership.digest = gossip - lag
        membership.seenBy = members.map(\.unique)
        membership.reachability = members.filter(\.unreachable).map {
            ReachabilityRow(observer: nodes[0].unique, subject: $0.unique, status: .unreachable, version: 3)
        }
        membership.peers = members.filter { $0.number != node.number }.map { peer in
            PeerSnapshot(
                node: peer.unique, name: peer.name, phi: phi(of: peer), threshold: 8, mean: .milliseconds(202),
                deviation: .milliseconds(50), acceptablePause: .seconds(1), lastHeartbeat: peer.lastHeartbeat,
                suspicionDeadline: peer.lastHeartbeat + .milliseconds(2430), samples: 200,
                unreachable: peer.unreachable)
        }
        let mine = homes.filter { $0.value == node.number }.keys.sorted()
        var sharding = ShardingSnapshot(type: "account", shardCount: shardCount)
        sharding.homes = homes.keys.sorted().compactMap { shard in
            nodes.first { $0.number == homes[shard] }.map { ShardHome(shard: shard, node: $0.unique) }
        }
        sharding.shards = mine.map { shard in
            let count = (entities / max(1, shardCount)) + (shard * 7 % 5)
            return ShardSnapshot(
                shard: shard, state: .running,
                entities: (0..<min(5, count)).map {
                    EntitySnapshot(id: "account-\(shard + $0 * 64)", state: .active, handled: 12, lastUsed: now)
                }, entityCount: count, handled: UInt64(max(0, now.seconds) * Double(1 + shard % 6)))
        }
        sharding.registered = true
        sharding.epoch = 1
        sharding.drained = nodes.filter(\.drained).map(\.unique)
        if node.number == nodes.first?.number {
            sharding.coordinating = CoordinatorSnapshot(state: .running, epoch: 1)
        }
        let associations = nodes.filter { $0.number != node.number }.map { peer in
            AssociationSnapshot(
                peer: peer.unique.address, peerName: peer.name,
                state: peer.state == .running ? .active : .waiting, framesOut: 1234, framesIn: 1200,
                bytesOut: 45_600, bytesIn: 44_100)
        }
        return NodeSnapshot(
            name: node.name, node: node.unique, time: now, version: version, state: node.state,
            membership: membership, sharding: entities > 0 ? [sharding] : [], associations: associations,
            actors: ActorsSnapshot(live: 120, queued: 0, handled: 9000))
    }
}

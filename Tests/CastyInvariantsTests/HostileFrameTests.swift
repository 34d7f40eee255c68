import CastyActors
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyRemoting
import CastyTestbed
import NIOCore
import Synchronization
import Testing

@testable import CastyCluster
@testable import CastySerialization
@testable import CastySharding

/// Frames that only a broken or a hostile peer sends, after a handshake that is in order: the node refuses them and goes on.
@Suite("Frames no node would send", .timeLimit(.minutes(10)))
struct HostileFrameTests {
    /// Two nodes with both sample types, and a peer that has introduced itself to the first.
    private struct Scene {
        let testbed: TestCluster
        let node: TestNode
        let peer: HostilePeer
        let capabilities: Capabilities

        init(observes: Bool = false) throws {
            testbed = TestCluster(
                world: SimulatedClusterWorld(seed: 7), settings: TestClusterSettings(), checkers: .all)
            try testbed.start([1, 2])
            let testbed = testbed
            let isFormed = try testbed.advance(until: testbed.now + .seconds(30)) {
                testbed.running.allSatisfy { $0.cluster.state.up.count == 2 }
            }
            #expect(isFormed)
            for number in 1...60 { try testbed.tell("account-\(number)", "deposit 1") }
            try testbed.tell("counter-1", "add 1")
            try testbed.advance(until: testbed.now + .seconds(3))
            node = try testbed.node(1)
            peer = HostilePeer(66, in: testbed, to: node.system.address, observes: observes)
            capabilities = Capabilities(observe: observes)
            peer.dial(cluster: node.system.name, capabilities)
            try testbed.advance(until: testbed.now + .milliseconds(100))
        }

        func settle() throws { try testbed.advance(until: testbed.now + .milliseconds(100)) }

        /// Sends one message, on a new connection where the last one was closed.
        func send(_ path: [String], _ type: String, _ payload: ByteBuffer, _ codec: CodecID = .native) throws {
            if peer.isClosed {
                peer.dial(cluster: node.system.name, capabilities)
                try settle()
            }
            let address = ActorAddress(system: node.system.name, node: node.system.address, path: path, uid: 0)
            let kind: FrameKind = path.first == "system" ? .control : .user
            peer.send(FrameHeader(kind, target: address, type: type, codec: codec), payload)
        }

        /// Whether an entity, and the queries of all shards, still answer.
        func answers() throws -> Bool {
            try settle()
            let reply = Mutex<String?>(nil)
            try testbed.ask("counter-1", "get", via: 1, within: .seconds(5)) { result in
                reply.withLock { $0 = (try? result.get())?.text }
            }
            let region = try #require(node.regions[.counter])
            let figures = Mutex<ShardStatistics?>(nil)
            region.statistics(within: .seconds(5)) { answer in figures.withLock { $0 = answer } }
            try testbed.advance(until: testbed.now + .seconds(6)) {
                reply.withLock { $0 } != nil && figures.withLock { $0 } != nil
            }
            return reply.withLock { $0 } == "1" && figures.withLock { $0 }?.failed == []
        }

        /// An envelope as sharding's actors exchange it.
        func envelope(_ type: String, _ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
            var head = ByteBuffer()
            peer.identity.encode(into: &head)
            node.system.unique.encode(into: &head)
            head.writeText(type)
            var whole = ByteBuffer()
            whole.writeBlob(head)
            write(&whole)
            return whole
        }

        func delivery(_ type: String, shard: Int, entity: String, payload: [UInt8]) -> ByteBuffer {
            envelope(type) { buffer in
                buffer.writeBytes([3, 1] as [UInt8])
                buffer.writeVarint(shard)
                buffer.writeText(entity)
                ShardVersion(epoch: CoordinatorEpoch(upNumber: 1 << 40, start: 1), sequence: 1).encode(into: &buffer)
                buffer.writeVarint(1 as Int)
                buffer.writeBool(false)
                buffer.writeBytes(payload)
            }
        }
    }

    private static let shardTypes = ["account", "counter", "nosuch", "", String(repeating: "x", count: 4096)]

    private static let paths = [
        ["sharding", "account"], ["system", "sharding-account"], ["sharding", "counter"], ["sharding", "nosuch"],
        ["system", "sharding-nosuch"], ["singleton", "account"], ["system", "cluster"], ["system", "observation"],
        ["system", "sharding-queries"], ["user", "missing"],
    ]

    @Test("A message whose head names another type than its receiver's is refused, not read as one of the receiver's")
    func foreignHeads() throws {
        let scene = try Scene()
        defer { scene.testbed.end() }
        // One for each shard, because only those that live there hand a message to an entity.
        for number in 1...60 {
            let entity = "account-\(number)"
            let shard = scene.node.regions[.account]?.shard(of: entity) ?? 0
            for type in Self.shardTypes {
                let bytes = scene.delivery(
                    type, shard: shard, entity: entity, payload: Array(repeating: 0x41, count: 64))
                for path in Self.paths { try scene.send(path, "casty.sharding", bytes) }
            }
            try scene.settle()
        }
        #expect(try scene.answers())
        #expect(scene.node.system.losses.contains { $0.reason == .undecodable && $0.lossClass == .user })
    }

    @Test("A message under every registered name is refused by every receiver of another type")
    func foreignTypes() throws {
        let scene = try Scene()
        defer { scene.testbed.end() }
        var payloads = [ByteBuffer(), ByteBuffer(bytes: Array(repeating: UInt8(0xFF), count: 200))]
        payloads.append(scene.delivery("account", shard: 1, entity: "account-1", payload: [2, 0]))
        payloads.append(ByteBuffer(string: #"{"number":1,"after":0,"text":"add 1","replyTo":"casty://x@h:1/a"}"#))
        for name in scene.node.system.registry.names + ["no.such.type"] {
            for path in Self.paths {
                for payload in payloads {
                    for codec in [CodecID.native, .binary, .json, CodecID(rawValue: 200)] {
                        try scene.send(path, name, payload, codec)
                    }
                }
            }
            try scene.settle()
        }
        #expect(try scene.answers())
    }

    @Test("Numbers at the edge of their range in a query are answered or refused", arguments: [true, false])
    func queries(observes: Bool) throws {
        let scene = try Scene(observes: observes)
        defer { scene.testbed.end() }
        let numbers = [
            "0", "-1", "23", "24", "1024", "5000", "\(Int.max)", "\(Int.min)", "1e300", "18446744073709551616",
        ]
        let replies = [
            "casty://casty@127.0.0.66:\(scene.node.system.address.port)/user/x#1",
            "casty://casty@127.0.0.66:0/user/x#1",
            "casty://casty@127.0.0.66:70000/user/x#1", "casty://casty@127.0.0.66:1/", "casty://casty@:1/user/x#1",
            "casty://casty@127.0.0.66:1/" + String(repeating: "a/", count: 200) + "b",
            "casty://casty@127.0.0.66:1/" + String(repeating: "a", count: 9000),
            "casty://casty@\(scene.node.system.address)/user/x#1",
        ]
        for number in numbers {
            let queries = [
                #"{"statistics":{"from":\#(number)}}"#, #"{"hottest":{"_0":\#(number)}}"#,
                #"{"entities":{"containing":"","after":null,"limit":\#(number)}}"#,
            ]
            for (query, reply) in queries.flatMap({ query in replies.map { (query, $0) } }) {
                for type in ["account", "nosuch", ""] {
                    let text = #"{"type":"\#(type)","query":\#(query),"replyTo":"\#(reply)"}"#
                    try scene.send(
                        ["system", "sharding-queries"], "casty.sharding.question", ByteBuffer(string: text), .json)
                }
            }
            let request = #"{"number":\#(number),"after":\#(number),"replyTo":"\#(replies[0])"}"#
            try scene.send(["system", "observation"], "casty.observe", ByteBuffer(string: request), .json)
            try scene.settle()
        }
        #expect(try scene.answers())
    }

    @Test("Every message between nodes with a number of it at the edge of its range is handled or refused")
    func edges() throws {
        let scene = try Scene()
        defer { scene.testbed.end() }
        var sent = 0
        for message in Self.shardingMessages(scene.peer.identity) {
            let bytes = scene.envelope("account") { $0.writeImmutableBuffer(message) }
            for (index, variant) in Self.variants(of: bytes).enumerated() {
                for path in [["sharding", "account"], ["system", "sharding-account"]] {
                    try scene.send(path, "casty.sharding", variant)
                }
                if index % 64 == 0 { try scene.settle() }
                sent += 1
            }
        }
        for message in Self.clusterMessages(scene.peer.identity, scene.node.system.unique) {
            var bytes = ByteBuffer()
            ClusterEnvelope(from: scene.peer.identity, to: scene.node.system.unique, message: message)
                .encode(into: &bytes)
            for variant in Self.variants(of: bytes) {
                try scene.send(["system", "cluster"], "casty.cluster", variant)
                sent += 1
            }
            try scene.settle()
        }
        #expect(sent > 5000)
        #expect(try scene.answers())
    }

    /// The bytes cut short at each place, and with the lowest, the highest and a very long number at each place.
    private static func variants(of bytes: ByteBuffer) -> [ByteBuffer] {
        var variants = [bytes]
        let all = Array(bytes.readableBytesView)
        let longest: [UInt8] = Array(repeating: 0xFF, count: 9) + [1]
        for index in all.indices {
            variants.append(ByteBuffer(bytes: all[..<index]))
            for edge in [[0], [1], [0x7F], [0xFF], longest] as [[UInt8]] {
                variants.append(ByteBuffer(bytes: all[..<index] + edge + all[(index + 1)...]))
            }
        }
        return variants
    }

    private static func bytes(_ tag: UInt8, _ parts: (any NativeCodable)...) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(tag)
        for part in parts { part.encode(into: &buffer) }
        return buffer
    }

    private static func shardingMessages(_ node: UniqueAddress) -> [ByteBuffer] {
        let version = ShardVersion(epoch: .none, sequence: 1)
        let shard = VersionedShard(shard: 4, version: version)
        var intents = Intents()
        intents.pins = [ShardPin(shard: 3, address: node.address)]
        intents.drains = [node]
        let registration = Registration(
            number: 1, shardCount: 24, accepts: true, hosted: [HostedShard(shard: 1, version: version)],
            leftovers: [2], known: [3], intents: intents)
        let requests: [CoordinatorRequest] = [
            .register(registration), .notHosted, .homes(of: [1]), .started([shard]), .hostRefused([shard]),
            .handOffBegun(shard: 1, handoff: version), .stopped(shard, hasLeftover: true), .leave,
            .intentsKnown(version), .command(id: 1, .move(shard: 1, to: node.address)),
        ]
        let orders: [CoordinatorOrder] = [
            .announce, .registered(number: 1, intents: intents), .registrationRefused(number: 1, shardCount: 12),
            .homes([ShardHome(shard: 1, node: node, version: version)], allOf: 3..<24),
            .host([HostOrder(shard: 1, version: version, holdFor: node)]),
            .beginHandOff(shard: 1, handoff: version, owner: node),
            .handOff(shard: 1, version: version, handoff: version, participants: [node]), .discard(shard),
            .intents(intents), .released, .answer(id: 1, .accepted(moves: 3)),
            .answer(id: 2, .refused(.nodeTakesNoShards)), .notHosted,
        ]
        // Between regions: the end of a stream, its closing, a transfer, a passivation.
        let peers: [[UInt8]] = [[3, 3, 1, 2, 0], [3, 4, 1, 2], [3, 5, 1], [3, 6, 1, 0x41]]
        return requests.map { bytes(1, $0) } + orders.map { bytes(2, CoordinatorEpoch.none, $0) }
            + peers.map { ByteBuffer(bytes: $0) }
    }

    private static func clusterMessages(_ node: UniqueAddress, _ other: UniqueAddress) -> [ClusterMessage] {
        let gossip = Gossip(
            members: [node, other].sorted().map { Member(node: $0, status: .up, upNumber: 1, roles: []) },
            reachability: [
                ObserverRows(
                    observer: node, version: 1,
                    rows: [ReachabilityRow(subject: other, verdict: .unreachable, witness: nil)])
            ],
            tombstones: [], version: VectorClock([VectorClock.Entry(node: node, count: 1)]), seen: [node])
        let claim = ClusterClaim(id: ClusterID(high: .max, low: .max), size: .max, age: .max)
        return [
            .initJoin(settings: [], ballot: .candidacy(round: 1)), .noCluster(round: 1, vote: .granted),
            .initJoinAck(leader: node), .initJoinNack(.removed), .welcome(gossip),
            .joinRefused(.goingAway), .heartbeat(sequence: 1, sentAt: .start),
            .heartbeatAck(sequence: 1, sentAt: .start, voters: 0), .unknown(sequence: 1, sentAt: .start),
            .probeConnection(sequence: 1, sentAt: .start),
            .gossipStatus(digest: 1, seenDigest: 1), .gossipSeen(digest: 1, seen: [node]), .gossipEnvelope(gossip),
            .gossipSpread(gossip, relay: [node]), .gossipAck(digest: 1, seen: [node]), .exitingConfirmed,
            .probeRequest(id: 1, subject: node), .probe(id: 1, origin: node), .probeAck(id: 1, origin: node),
            .probeAnswer(id: 1, subject: node), .gone, .unknownPeer, .clusterProbe(number: .max, claim: claim),
            .clusterAnswer(number: .max, claim: claim, yours: claim), .otherCluster(at: []),
            .lastAcknowledged(subject: node, ago: .seconds(3_153_600_000)),
        ]
    }
}

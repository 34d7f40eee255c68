import CastyActors
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastyTestbed
import NIOCore
import Synchronization
import Testing

@testable import CastyCluster
@testable import CastyRemoting
@testable import CastySerialization

/// A peer that is no member says, after a handshake in order, what only members may say: nothing comes of it.
@Suite("Words of unknown peers", .timeLimit(.minutes(10)))
struct UnknownPeersWordTests {
    /// Three nodes that are members.
    private struct Scene {
        let testbed: TestCluster
        let node: TestNode

        init(seed: UInt64) throws {
            testbed = TestCluster(
                world: SimulatedClusterWorld(seed: seed), settings: TestClusterSettings(), checkers: .all)
            try testbed.start([1, 2, 3])
            let testbed = testbed
            let isFormed = try testbed.advance(until: testbed.now + .seconds(30)) {
                testbed.running.allSatisfy { $0.cluster.state.up.count == 3 }
            }
            #expect(isFormed)
            try testbed.advance(until: testbed.now + .seconds(3))
            node = try testbed.node(1)
        }

        func wait(_ time: Duration) throws { try testbed.advance(until: testbed.now + time) }

        func peer(_ number: Int, as name: UniqueAddress? = nil) throws -> HostilePeer {
            let peer = HostilePeer(number, in: testbed, to: node.system.address, as: name)
            peer.dial(cluster: node.system.name)
            try wait(.milliseconds(100))
            return peer
        }

        private var daemon: ActorAddress {
            ActorAddress(
                system: node.system.name, node: node.system.address, path: ["system", "cluster"], uid: 0)
        }

        func say(_ message: ClusterMessage, _ peer: HostilePeer) {
            var bytes = ByteBuffer()
            bytes.writeInteger(UInt8(0))
            ClusterEnvelope(from: peer.identity, to: nil, message: message).encode(into: &bytes)
            peer.send(FrameHeader(.control, target: daemon, type: "casty.cluster", codec: .native), bytes)
        }

        func say(_ page: EnvelopePage, _ peer: HostilePeer) {
            var bytes = ByteBuffer()
            bytes.writeInteger(UInt8(1))
            page.encode(into: &bytes)
            peer.send(FrameHeader(.control, target: daemon, type: "casty.cluster", codec: .native), bytes)
        }

        /// Whether all three are members as before, on all of them.
        var isWhole: Bool {
            testbed.running.count == 3
                && testbed.running.allSatisfy {
                    $0.cluster.state.up.count == 3 && $0.cluster.state.unreachable.isEmpty
                }
        }
    }

    @Test("a hello under a member's address and another incarnation evicts no member", arguments: [UInt64(1), 2, 3])
    func claimedAddress(seed: UInt64) throws {
        let scene = try Scene(seed: seed)
        defer { scene.testbed.end() }
        let member = try scene.testbed.node(2).system.unique
        for number in 0..<3 {
            let claimed = UniqueAddress(address: member.address, incarnation: 4242 + UInt64(number))
            _ = try scene.peer(66 + number, as: claimed)
        }
        for _ in 0..<20 {
            try scene.wait(.seconds(1))
            #expect(scene.isWhole)
        }
        #expect(scene.node.cluster.state.members.contains { $0.node == member })
    }

    @Test("invented nodes that say to be the majority, and do not know this node, end nothing")
    func inventedMajority() throws {
        let scene = try Scene(seed: 1)
        defer { scene.testbed.end() }
        let peers = try (0..<4).map { try scene.peer(66 + $0) }
        for round in 0..<10 {
            for peer in peers {
                for message in [
                    ClusterMessage.unknownPeer, .gone, .exitingConfirmed, .unknown(sequence: 1, sentAt: .start),
                    .otherCluster(at: [peer.identity.address]),
                ] { scene.say(message, peer) }
            }
            try scene.wait(.milliseconds(500))
            #expect(scene.isWhole, "after round \(round)")
        }
    }

    @Test("each node takes all others for members, also those that were there before it")
    func olderMembers() throws {
        let scene = try Scene(seed: 1)
        defer { scene.testbed.end() }
        let addresses = scene.testbed.running.map(\.system.address)
        for node in scene.testbed.running {
            let remoting = try #require(node.cluster.remoting)
            let others = addresses.filter { $0 != node.system.address }
            #expect(remoting.state.withLock { state in others.allSatisfy { state.addresses.isMember($0) } })
        }
    }

    @Test("a request to probe an address of an unknown peer's choice makes the node dial nowhere")
    func probeRequest() throws {
        let scene = try Scene(seed: 1)
        defer { scene.testbed.end() }
        let peer = try scene.peer(66)
        let elsewhere = UniqueAddress(
            address: NodeAddress(host: "127.0.0.99", port: scene.node.system.address.port), incarnation: 9)
        for message in [
            ClusterMessage.probeRequest(id: 1, subject: elsewhere), .probeAck(id: 1, origin: elsewhere),
        ] {
            scene.say(message, peer)
            try scene.wait(.milliseconds(500))
        }
        #expect(!scene.node.snapshot.associations.contains { $0.peer == elsewhere.address })
        #expect(scene.isWhole)
    }

    @Test("an invented cluster ends no node, under however many names it comes, if no node listens at them")
    func madeUpCluster() throws {
        let scene = try Scene(seed: 1)
        defer { scene.testbed.end() }
        let id = ClusterID(high: 17, low: 17)
        let peers = try (0..<2).map { number in
            let name = UniqueAddress(
                address: NodeAddress(host: "10.66.0.\(number)", port: 7000), incarnation: UInt64(77 + number))
            return try scene.peer(66 + number, as: name)
        }
        var claim = try #require(scene.node.cluster.core.claim)
        claim = ClusterClaim(id: id, size: claim.size, age: .max)
        for _ in 0..<40 {
            for peer in peers {
                scene.say(.clusterProbe(number: 1, claim: claim), peer)
                try scene.wait(.milliseconds(200))
                // It guesses what it was asked: the numbers of probes are given in order.
                let own = try #require(scene.node.cluster.core.claim)
                for number in UInt64(1)...100 {
                    scene.say(.clusterAnswer(number: number, claim: claim, yours: own), peer)
                }
                try scene.wait(.milliseconds(200))
            }
        }
        #expect(scene.isWhole)
    }

    @Test("pages of a state from an unknown peer are not stored")
    func pages() throws {
        let scene = try Scene(seed: 1)
        defer { scene.testbed.end() }
        let peer = try scene.peer(66)
        for index in 0..<20 {
            let page = EnvelopePage(
                from: peer.identity, to: nil, number: 1, index: index, count: 256,
                bytes: ByteBuffer(bytes: Array(repeating: 0, count: 50_000)))
            scene.say(page, peer)
            try scene.wait(.milliseconds(100))
        }
        #expect(scene.node.cluster.unfinishedBytes == 0)
        #expect(scene.isWhole)
    }
}

import CastyActors
import CastyLab
import CastyMembership
import CastyPrimitives
import Synchronization
import Testing

@testable import CastyCluster
@testable import CastyRemoting
@testable import CastyWire

/// A peer that is no member says, after a handshake in order, what only members may say: nothing comes of it.
@Suite("Strangers' words", .timeLimit(.minutes(10)))
struct StrangersWordTests {
    /// Three nodes that are members.
    private struct Scene {
        let laboratory: Laboratory
        let node: LabNode

        init(seed: UInt64) throws {
            laboratory = Laboratory(world: SimulatedLabWorld(seed: seed), settings: LabSettings())
            try laboratory.start([1, 2, 3])
            let laboratory = laboratory
            let isFormed = try laboratory.advance(until: laboratory.now + .seconds(30)) {
                laboratory.running.allSatisfy { $0.cluster.state.up.count == 3 }
            }
            #expect(isFormed)
            try laboratory.advance(until: laboratory.now + .seconds(3))
            node = try laboratory.node(1)
        }

        func wait(_ time: Duration) throws { try laboratory.advance(until: laboratory.now + time) }

        func peer(_ number: Int, as name: UniqueAddress? = nil) throws -> HostilePeer {
            let peer = HostilePeer(number, in: laboratory, to: node.system.address, as: name)
            peer.dial(cluster: node.system.name)
            try wait(.milliseconds(100))
            return peer
        }

        /// Whether all three are members as before, on all of them.
        var isWhole: Bool {
            laboratory.running.count == 3
                && laboratory.running.allSatisfy {
                    $0.cluster.state.up.count == 3 && $0.cluster.state.unreachable.isEmpty
                }
        }
    }

    @Test("a hello under a member's address and another incarnation evicts nobody", arguments: [UInt64(1), 2, 3])
    func claimedAddress(seed: UInt64) throws {
        let scene = try Scene(seed: seed)
        defer { scene.laboratory.end() }
        let member = try scene.laboratory.node(2).system.unique
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

    @Test("each node takes all others for members, also those that were there before it")
    func olderMembers() throws {
        let scene = try Scene(seed: 1)
        defer { scene.laboratory.end() }
        let addresses = scene.laboratory.running.map(\.system.address)
        for node in scene.laboratory.running {
            let remoting = try #require(node.cluster.remoting)
            let others = addresses.filter { $0 != node.system.address }
            #expect(remoting.state.withLock { state in others.allSatisfy { state.places.isMember($0) } })
        }
    }
}

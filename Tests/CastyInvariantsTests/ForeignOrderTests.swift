import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyPlacement
import CastyRemoting
import CastyTestbed
import NIOCore
import Synchronization
import Testing

@testable import CastySerialization
@testable import CastySharding

/// Frames of a host that is no member, in which it speaks as a coordinator.
@Suite("Orders of those who may not give them", .timeLimit(.minutes(10)))
struct ForeignOrderTests {
    /// An epoch above all that a coordinator could have.
    private static let epoch = CoordinatorEpoch(upNumber: 1 << 30, start: 1)

    private static func envelope(from sender: UniqueAddress, to receiver: UniqueAddress, _ type: String) -> ByteBuffer {
        var head = ByteBuffer()
        sender.encode(into: &head)
        receiver.encode(into: &head)
        head.writeText(type)
        var whole = ByteBuffer()
        whole.writeBlob(head)
        whole.writeInteger(2 as UInt8)
        epoch.encode(into: &whole)
        CoordinatorOrder.announce.encode(into: &whole)
        return whole
    }

    private static func answers(_ testbed: TestCluster, _ entity: String) throws -> Bool {
        let reply = Mutex<String?>(nil)
        try testbed.ask(entity, "get", via: 1, within: .seconds(10)) { result in
            reply.withLock { $0 = (try? result.get())?.text }
        }
        try testbed.advance(until: testbed.now + .seconds(11)) { reply.withLock { $0 != nil } }
        return reply.withLock { $0 } == "0"
    }

    @Test(
        "an order of a non-member is refused, one in a member's name is not even read, and both are accounted for",
        arguments: [false, true])
    func orders(live: Bool) throws {
        let world: any ClusterWorld = live ? LiveClusterWorld() : SimulatedClusterWorld(seed: 9)
        let testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        #expect(
            try testbed.advance(until: testbed.now + .seconds(30)) {
                testbed.running.count == 2 && testbed.running.allSatisfy { $0.cluster.state.up.count == 2 }
            })
        #expect(try Self.answers(testbed, "counter-1"))
        let (victim, member) = (try testbed.node(1), try testbed.node(2))
        let refusals = Mutex(0)
        let end = victim.system.inspector.subscribe { event in
            if case .sharding(_, .formerOrder)? = event.detail { refusals.withLock { $0 += 1 } }
        }
        defer { end() }
        let types = ["account", "counter"]
        for name in [nil, member.system.unique] {
            let peer = HostilePeer(66, in: testbed, to: victim.system.address)
            peer.dial(cluster: victim.system.name)
            for type in types {
                let address = ActorAddress(
                    system: victim.system.name, node: victim.system.address, path: ["system", "sharding-\(type)"],
                    uid: 0)
                peer.send(
                    FrameHeader(.control, target: address, type: "casty.sharding", codec: .native),
                    Self.envelope(from: name ?? peer.identity, to: victim.system.unique, type))
            }
            let isSeen = try testbed.advance(until: testbed.now + .seconds(10)) {
                let unread = victim.system.losses.first { $0.reason == .undecodable }?.count ?? 0
                return name == nil ? refusals.withLock { $0 } == types.count : unread == types.count
            }
            #expect(isSeen, "\(victim.system.losses)")
        }
        #expect(refusals.withLock { $0 } == types.count)
        // Those have no home yet: the region asks the coordinator that it had before.
        for number in 2...24 { #expect(try Self.answers(testbed, "counter-\(number)")) }
    }
}

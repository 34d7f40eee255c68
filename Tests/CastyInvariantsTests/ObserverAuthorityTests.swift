import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyRemoting
import CastySerialization
import CastySharding
import CastyTestbed
import NIOCore
import Testing

/// What a peer that says to be no node of the cluster may do to one.
@Suite("What observers may do", .timeLimit(.minutes(10)))
struct ObserverAuthorityTests {
    /// A node with accounts, and a peer that has introduced itself as an observer or as a node.
    private struct Scene {
        let testbed: TestCluster
        let node: TestNode
        let peer: HostilePeer

        init(observes: Bool, nonMemberBytes: Int? = nil) throws {
            var settings = TestClusterSettings()
            if let nonMemberBytes { settings.remoting.nonMemberBytes = nonMemberBytes }
            testbed = TestCluster(world: SimulatedClusterWorld(seed: 11), settings: settings, checkers: .all)
            try testbed.start([1, 2])
            let testbed = testbed
            try testbed.advance(until: testbed.now + .seconds(30)) {
                testbed.running.allSatisfy { $0.cluster.state.up.count == 2 }
            }
            node = try testbed.node(1)
            try ObservationService.start(on: node.system)
            peer = HostilePeer(66, in: testbed, to: node.system.address, observes: observes)
            peer.dial(cluster: node.system.name, Capabilities(observe: observes))
            try settle()
        }

        func settle() throws { try testbed.advance(until: testbed.now + .milliseconds(200)) }

        func send(_ path: [String], _ type: String, _ text: String) throws {
            let address = ActorAddress(system: node.system.name, node: node.system.address, path: path, uid: 0)
            let kind: FrameKind = path.first == "system" ? .control : .user
            peer.send(FrameHeader(kind, target: address, type: type, codec: .json), ByteBuffer(string: text))
            try settle()
        }

        func lost(_ reason: LossReason) -> UInt64 {
            node.system.losses.filter { $0.reason == reason }.reduce(0) { $0 + $1.count }
        }
    }

    @Test("an observer's messages to actors other than those for observers are refused and counted")
    func messages() throws {
        let scene = try Scene(observes: true)
        defer { scene.testbed.end() }
        let paths = [
            ["user", "anything"], ["sharding", "account"], ["system", "cluster"], ["system", "receptionist"],
            ["system", "sharding-account"], ["system", "sharding-queries"], ["temp", "1"],
        ]
        for path in paths { try scene.send(path, "casty.cluster", "{}") }
        #expect(scene.lost(.notMember) == UInt64(paths.count))
        #expect(!scene.peer.isClosed)
    }

    @Test("a node's messages are not refused for that reason")
    func nodes() throws {
        let scene = try Scene(observes: false)
        defer { scene.testbed.end() }
        try scene.send(["user", "anything"], "casty.cluster", "{}")
        #expect(scene.lost(.notMember) == 0)
    }

    @Test("an observer gets answers itself, and none is sent to another address that it names")
    func references() throws {
        let scene = try Scene(observes: true)
        defer { scene.testbed.end() }
        let before = scene.node.node.remoting.snapshots.count
        let port = scene.node.system.address.port
        for number in 100..<120 {
            let request = #"{"number":1,"after":0,"replyTo":"casty://test@127.0.0.\#(number):\#(port)/user/x#1"}"#
            try scene.send(["system", "observation"], "casty.observe", request)
        }
        #expect(scene.node.node.remoting.snapshots.count == before)
        #expect(scene.lost(.undecodable) == 20)
        let own = #"{"number":1,"after":0,"replyTo":"casty://test@\#(scene.peer.identity.address)/user/x#1"}"#
        try scene.send(["system", "observation"], "casty.observe", own)
        #expect(scene.lost(.undecodable) == 20)
    }

    @Test("questions of a node whose answers go to addresses without a node queue a bounded number of bytes")
    func amplification() throws {
        let scene = try Scene(observes: false, nonMemberBytes: 8 << 20)
        defer { scene.testbed.end() }
        let remoting = try #require(scene.node.cluster.remoting)
        let port = scene.node.system.address.port
        var highest = 0
        for number in 0..<1_500 {
            let host = "127.0.\(1 + number % 3).\(1 + number % 200)"
            let request = #"{"number":1,"after":0,"replyTo":"casty://test@\#(host):\#(port)/user/x#1"}"#
            let address = ActorAddress(
                system: scene.node.system.name, node: scene.node.system.address, path: ["system", "observation"],
                uid: 0)
            scene.peer.send(
                FrameHeader(.control, target: address, type: "casty.observe", codec: .json),
                ByteBuffer(string: request))
            guard number % 100 == 99 else { continue }
            try scene.testbed.advance(until: scene.testbed.now + .milliseconds(20))
            highest = max(highest, remoting.snapshots.reduce(0) { $0 + $1.queuedBytes })
        }
        #expect(highest <= remoting.settings.nonMemberBytes)
        #expect(remoting.snapshots.count <= remoting.settings.associationLimit + 2)
        // The members are as before.
        #expect(scene.testbed.running.allSatisfy { $0.cluster.state.up.count == 2 })
        // What is beyond the budget is lost, and counted.
        #expect(scene.lost(.unreachable) + scene.lost(.bufferFull) > 0)
    }
}

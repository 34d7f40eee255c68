import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySimulator
import NIOCore
import Synchronization
import Testing

@testable import CastyRemoting

/// Hosts that have no credentials, in a cluster that demands them: nothing behind their hello is read.
@Suite("Peers without credentials", .timeLimit(.minutes(10)))
struct WithoutCredentialsTests {
    enum Word: CaseIterable, Sendable {
        case message, messageOfUnknownType, order, signal, acknowledgement, reply, goodbye, probe, secondHello
    }

    /// Sends what may do harm if the peer were let in.
    private static func say(_ word: Word, _ peer: RawPeer, from name: UniqueAddress, to node: TestNode) {
        func address(_ path: [String]) -> ActorAddress {
            ActorAddress(system: node.system.name, node: node.address, path: path, uid: 0)
        }
        switch word {
        case .message:
            peer.send(
                FrameHeader(.user, target: address(["user", "r"]), type: "int", codec: .json), [0x37], lane: .user)
        case .messageOfUnknownType:
            peer.send(
                FrameHeader(.user, target: address(["user", "r"]), type: "crash", codec: .native), [1], lane: .user)
        case .order:
            peer.send(
                FrameHeader(.control, target: address(["system", "cluster"]), type: "casty.cluster", codec: .native),
                [0, 1, 2, 3])
        case .signal:
            var bytes = ByteBufferBytes()
            bytes.write(
                .watch(
                    watcher: ActorAddress(system: node.system.name, node: name.address, path: ["user", "w"], uid: 1),
                    watched: address(["user", "r"])))
            peer.send(FrameHeader(.system, correlation: 1), bytes.all)
        case .acknowledgement: peer.send(FrameHeader(.acknowledgement, correlation: .max))
        case .reply: peer.send(FrameHeader(.reply, type: "int", codec: .json, correlation: 1), [0x37])
        case .goodbye: peer.send(FrameHeader(.goodbye))
        case .probe: peer.hello(from: name, to: node.address, Capabilities(isProbeConnection: true))
        case .secondHello: peer.hello(from: name, to: node.address)
        }
    }

    @Test(
        "a hello under any name is refused, and what comes with it is not read", arguments: Word.allCases)
    func refused(_ word: Word) throws {
        let world = SimulatedTestWorld(seed: 1)
        var settings = RemotingSettings()
        settings.demandsAuthentication = true
        let node = try world.startNow(1, settings)
        let got = Record<Int>()
        _ = try node.system.spawn(Stories.collector(got), name: "r")
        let raw = RawHost(66, in: world.world)
        let member = UniqueAddress(address: NodeAddress(host: "127.0.0.2", port: 25520), incarnation: 2)
        node.remoting.expect(member)
        let names = [
            raw.identity, member, UniqueAddress(address: member.address, incarnation: 3),
            UniqueAddress(address: ClientName.address("client", incarnation: 5), incarnation: 5),
        ]
        for (index, name) in names.enumerated() {
            let peer = raw.dial(node.address)
            peer.hello(from: name, to: node.address, Capabilities(observe: name.address.port == 0))
            Self.say(word, peer, from: name, to: node)
            world.run(for: .milliseconds(200))
            #expect(peer.refusal == .notAuthenticated)
            #expect(peer.frames == [.refusal])
            #expect(node.remoting.refusals(.notAuthenticated) == index + 1)
        }
        #expect(got.count == 0)
        #expect(node.remoting.snapshots.isEmpty)
        #expect(node.system.losses.isEmpty)
        world.world.dispose()
    }
}

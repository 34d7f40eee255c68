import CastyActors
import CastyCore
import CastySimulator
import NIOCore
import Testing

@testable import CastyRemoting
@testable import CastySerialization

/// Replies go as frames of their own kind to nodes that announce that they know it, and as usual messages to others.
@Suite("Frames of replies", .timeLimit(.minutes(10)))
struct ReplyFrameTests {
    /// What a node without a runtime gets back from an actor that answers the ask with its number.
    private static func answer(_ capabilities: Capabilities) throws -> (kinds: [FrameKind], target: ActorAddress?) {
        let world = SimulatedTestWorld(seed: 11)
        let node = try world.startNow(1)
        let echo = try node.system.spawn(
            Behavior<Question>.receive { _, question in
                question.replyTo.tell(question.number)
                return .same
            }, name: "echo")
        echo.target.willTravel()
        let raw = RawHost(2, in: world.world)
        let asker = ActorAddress(system: node.system.name, node: raw.identity.address, path: FrameName.path, uid: 77)
        let peer = raw.dial(node.address)
        peer.hello(from: raw.identity, to: node.address, capabilities)
        world.run(for: .milliseconds(100))
        // Both lanes on one connection: the peer cannot be dialled for another.
        let question = Question(number: 5, replyTo: node.system.reference(to: asker))
        var payload = ByteBuffer()
        let type = try node.system.registry.registration(of: Question.self)
        try type.encode(question, with: type.codec(agreed: .binary), context: node.remoting.context, into: &payload)
        peer.send(
            FrameHeader(.user, target: echo.address, type: "question", codec: .binary, correlation: 0),
            Array(payload.readableBytesView),
            lane: .user)
        world.run(for: .seconds(1))
        let replies = peer.received.filter { $0.lane == .user }
        world.world.dispose()
        return (replies.map(\.kind), replies.first?.header.target)
    }

    @Test("a node that knows them gets the number of its ask instead of an address")
    func known() throws {
        let got = try Self.answer(Capabilities(readsReplies: true))
        #expect(got.kinds == [.reply] && got.target == nil)
    }

    @Test("a node that does not gets a message to the address of its ask")
    func unknown() throws {
        let got = try Self.answer(Capabilities())
        #expect(got.kinds == [.user] && got.target?.uid == 77 && got.target?.path == FrameName.path)
    }

    @Test("nodes with and without them answer each other, in both directions", arguments: [1, 2])
    func mixed(older: Int) throws {
        let world = SimulatedTestWorld(seed: 12)
        var settings = RemotingSettings()
        settings.readsReplies = false
        let nodes = try (1...2).map { try world.startNow($0, $0 == older ? settings : RemotingSettings()) }
        let answers = Record<Int>()
        for (asking, asked) in [(nodes[0], nodes[1]), (nodes[1], nodes[0])] {
            let server = asking.reference(
                to: try asked.system.spawn(
                    Behavior<Question>.receive { _, question in
                        question.replyTo.tell(question.number * 2)
                        return .same
                    }, name: "server"))
            for number in 1...20 {
                asking.system.ask(server, within: .seconds(5), { Question(number: number, replyTo: $0) }) { result in
                    answers.add((try? result.get()) ?? -1)
                }
            }
        }
        world.run(for: .seconds(2))
        #expect(answers.all.sorted() == (1...20).flatMap { [$0 * 2, $0 * 2] })
        #expect(nodes.allSatisfy { $0.system.losses.isEmpty })
        world.world.dispose()
    }
}

import CastyActors
import CastyCore
import CastyObservability
import CastyRemoting
import CastySerialization
import CastySimulator
import Testing

/// What may wait, and what may travel.
@Suite(.timeLimit(.minutes(10)))
struct BoundTests {
    private let place = NodeAddress(host: "127.0.0.2", port: 25520)

    private func reference<Message: Sendable>(_ node: TestNode, _ type: Message.Type) -> ActorRef<Message> {
        node.published(["system", "r"], at: place, as: type)
    }

    @Test("What waits for a place is bounded in number; what is too much is counted as lost, the rest arrives")
    func count() throws {
        let world = SimulatedTestWorld(seed: 1)
        var settings = RemotingSettings()
        settings.controlQueue = QueueLimits(count: 100, bytes: 1 << 20)
        let a = try world.startNow(1, settings)
        let remote = reference(a, Int.self)
        for number in 1...150 { remote.tell(number) }
        #expect(a.lost(.bufferFull) == 50)
        let b = try world.startNow(2)
        let got = Record<Int>()
        _ = try b.system.spawnSystem(Stories.collector(got), name: "r")
        #expect(world.run { got.count == 100 })
        #expect(got.all == Array(1...100))
        world.world.dispose()
    }

    @Test("What waits for a place is bounded in bytes")
    func bytes() throws {
        let world = SimulatedTestWorld(seed: 1)
        var settings = RemotingSettings()
        settings.controlQueue = QueueLimits(count: 1000, bytes: 100_000)
        let a = try world.startNow(1, settings)
        let remote = reference(a, String.self)
        for _ in 1...50 { remote.tell(String(repeating: "x", count: 10_000)) }
        #expect(a.lost(.bufferFull) == 41)
        #expect((a.remoting.snapshots.first?.queuedBytes ?? 0) <= 100_000)
        world.world.dispose()
    }

    @Test("Messages for an address that never answers are given up")
    func givingUp() throws {
        let world = SimulatedTestWorld(seed: 2)
        let a = try world.startNow(1)
        reference(a, Int.self).tell(1)
        world.run(for: .seconds(300))
        #expect(a.lost(.unreachable) == 1)
        #expect(a.remoting.snapshots.isEmpty)
        #expect(world.world.runToQuiescence(limit: 1000) == .quiescent)
        world.world.dispose()
    }

    @Test("A control message passes a full user queue", arguments: [UInt64(1), 2, 3])
    func lanes(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        world.world.network.changeAll { $0.bandwidth = 10_000_000 }
        var settings = RemotingSettings()
        settings.nonMemberBytes = 2 * settings.userQueue.bytes
        let (a, b) = (try world.startNow(1, settings), try world.startNow(2))
        let (data, control) = (Record<String>(), Record<Int>())
        let bulk = a.reference(to: try b.system.spawn(Stories.collector(data), name: "bulk"))
        _ = try b.system.spawnSystem(Stories.collector(control), name: "r")
        let heartbeat = reference(a, Int.self)
        for _ in 1...200 { bulk.tell(String(repeating: "x", count: 50_000)) }
        world.run(for: .milliseconds(200))
        let before = data.count
        #expect(before < 100)
        heartbeat.tell(1)
        // A quarter of the shortest heartbeat interval.
        #expect(world.run(.milliseconds(50)) { control.count == 1 }, "seed \(seed)")
        #expect(data.count < 120)
        #expect(world.run { data.count == 200 })
        world.world.dispose()
    }

    @Test(
        "Messages of all sizes up to the limit arrive whole and in order, larger ones are refused",
        arguments: [1, 2, 3])
    func sizes(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        world.world.network.changeAll { $0.splitting = 0.5 }
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let got = Record<String>()
        let remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
        var generator = world.world.stream("sizes")
        var sent: [String] = []
        for number in 0..<100 {
            let size = generator.unit() < 0.3 ? generator.below(250_000) : generator.below(40_000)
            sent.append(String(repeating: "\(number % 10)", count: size))
        }
        for text in sent { remote.tell(text) }
        remote.tell(String(repeating: "y", count: 263_000))
        #expect(world.run { got.count == 100 })
        #expect(got.all == sent)
        #expect(a.lost(.undecodable) == 1)
        world.world.dispose()
    }

    @Test(
        "A message that cannot be written is lost at its sender; one of a type that its receiver does not take is lost there, and the stream goes on"
    )
    func types() throws {
        struct Mute: Sendable {}
        struct Other: Codable, Sendable {}
        let world = SimulatedTestWorld(seed: 1)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let got = Record<Int>()
        let receiver = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
        let mute: ActorRef<Mute> = a.system.reference(to: receiver.address)
        mute.tell(Mute())
        #expect(a.lost(.undecodable) == 1)
        let other: ActorRef<Other> = a.system.reference(to: receiver.address)
        other.tell(Other())
        let wrong: ActorRef<String> = a.system.reference(to: receiver.address)
        wrong.tell("not a number")
        receiver.tell(5)
        #expect(world.run { got.all == [5] })
        #expect(b.lost(.undecodable) == 2)
        #expect(a.remoting.snapshots.first?.reconnects == 0)
        world.world.dispose()
    }

    @Test("A late reply is counted as one where it arrives")
    func lateReply() throws {
        let world = SimulatedTestWorld(seed: 1)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let asked = Record<String>()
        let server = try b.system.spawn(
            Behavior<Question>.receive { context, question in
                context.scheduleOnce(after: .seconds(2), question.replyTo, 1)
                return .same
            }, name: "slow")
        a.system.ask(a.reference(to: server), within: .seconds(1), { Question(number: 1, replyTo: $0) }) { result in
            if case .failure(let error) = result { asked.add(error.code.rawValue) }
        }
        world.run(for: .seconds(4))
        #expect(asked.all == ["timed out"])
        #expect(a.system.losses.map(\.reason) == [.lateReply] && a.system.losses.map(\.lossClass) == [.reply])
        world.world.dispose()
    }
}

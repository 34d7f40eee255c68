import CastyCore
import CastyObservability
import CastySimulator
import Testing

@testable import CastyActors
@testable import CastyRemoting
@testable import CastySerialization

/// Asks fail when a node knows that no reply can come, and say why; none of them waits for its timeout.
@Suite(.timeLimit(.minutes(10)))
struct AskFailureTests {
    static let seeds = Array(UInt64(1)...10)

    @Test("An ask that cannot be read, taken, handled or answered fails at once, with its reason", arguments: seeds)
    func simulated(seed: UInt64) async throws {
        let world = SimulatedTestWorld(seed: seed)
        try await AskFailures.story(world)
        #expect(world.world.foreignCallCount == 0)
        await world.end()
    }

    @Test("The same over TCP")
    func live() async throws {
        let world = try await LiveTestWorld()
        try await AskFailures.story(world)
        await world.end()
    }

    @Test("A question that waits for a node fails when that node is removed, also where another actor passed it on")
    func removed() throws {
        let world = SimulatedTestWorld(seed: 3)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let silent = a.reference(to: try b.system.spawn(Behavior<Question>.ignore, name: "silent"))
        let proxy = try a.system.spawn(
            Behavior<Question>.receive { _, question in
                silent.tell(question)
                return .same
            }, name: "proxy")
        let direct = AskFailures.ask(a, silent) { Question(number: 1, replyTo: $0) }
        let passedOn = AskFailures.ask(a, proxy) { Question(number: 2, replyTo: $0) }
        world.run(for: .seconds(1))
        #expect(direct.all.isEmpty && passedOn.all.isEmpty)
        a.remoting.nodeRemoved(b.system.unique)
        world.run(for: .milliseconds(10))
        #expect(direct.all.map(\.code) == [.nodeRemoved])
        #expect(passedOn.all.map(\.code) == [.nodeRemoved])
        let late = AskFailures.ask(a, silent) { Question(number: 3, replyTo: $0) }
        world.run(for: .milliseconds(10))
        #expect(late.all.map(\.code) == [.unreachable])
        world.world.dispose()
    }

    @Test("A question that a second node passes on to a third, where no actor takes it, fails at once on the first")
    func passedOnByAnotherNode() throws {
        let world = SimulatedTestWorld(seed: 5)
        let (a, b, c) = (try world.startNow(1), try world.startNow(2), try world.startNow(3))
        let there = b.reference(to: try c.system.spawn(Behavior<Question>.stopped, name: "stopped"))
        let proxy = try b.system.spawn(
            Behavior<Question>.receive { _, question in
                there.tell(question)
                return .same
            }, name: "proxy")
        let outcome = AskFailures.ask(a, a.reference(to: proxy)) { Question(number: 1, replyTo: $0) }
        world.run(for: .seconds(1))
        #expect(outcome.all.map(\.code) == [.noSuchActor])
        world.world.dispose()
    }

    @Test("A frame names its own node's ask by number, another node's by address")
    func frameNames() throws {
        let world = SimulatedTestWorld(seed: 6)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let own = ActorAddress(system: a.system.name, node: a.system.address, path: FrameName.path, uid: 7)
        let target = a.system.reference(to: own, as: Int.self).target
        #expect(target.frameName.correlation == 7 && target.frameName.address == nil)
        let foreign = b.system.reference(to: own, as: Int.self).target
        #expect(foreign.frameName.correlation == 0 && foreign.frameName.address == own)
        let byNumber = FrameHeader(.user, correlation: 7)
        #expect(byNumber.asker(from: a.system.address, system: a.system.name) == own)
        #expect(byNumber.asker(from: nil, system: a.system.name) == nil)
        #expect(FrameHeader(.user, sender: own).asker(from: b.system.address, system: a.system.name) == own)
        #expect(FrameHeader(.user).asker(from: a.system.address, system: a.system.name) == nil)
        world.world.dispose()
    }

    @Test("A reply that finds the queue to its asker full fails the ask, by the signal that has room of its own")
    func fullQueue() throws {
        let world = SimulatedTestWorld(seed: 7)
        var settings = RemotingSettings()
        settings.nonMemberQueue = QueueLimits(count: 10, bytes: 1 << 20)
        let (a, b) = (try world.startNow(1), try world.startNow(2, settings))
        let got = Record<Int>()
        let sink = b.reference(to: try a.system.spawn(Stories.collector(got), name: "sink"))
        let askers = Record<ActorRef<Int>>()
        let late = try b.system.spawn(
            Behavior<Question>.receive { _, question in
                askers.add(question.replyTo)
                return .same
            }, name: "late")
        let outcome = AskFailures.ask(a, a.reference(to: late)) { Question(number: 1, replyTo: $0) }
        world.run(for: .milliseconds(500))
        let links = world.links(1, 2)
        for link in links { link.cut() }
        world.world.network.resetConnections(between: "127.0.0.1", and: "127.0.0.2")
        world.run(for: .seconds(1))
        for number in 0..<20 { sink.tell(number) }
        try #require(askers.all.first).tell(1)
        world.run(for: .seconds(1))
        #expect(outcome.all.isEmpty && b.lost(.bufferFull) >= 1)
        for link in links { link.heal() }
        world.run(for: .seconds(10))
        #expect(outcome.all.map(\.code) == [.mailboxFull])
        #expect(got.count == 10)
        world.world.dispose()
    }

    @Test("What waits for an unreachable node fails when it is given up")
    func givenUp() throws {
        let world = SimulatedTestWorld(seed: 4)
        var settings = RemotingSettings()
        settings.reconnectAttempts = 3
        let (a, b) = (try world.startNow(1, settings), try world.startNow(2))
        let there = a.reference(to: try b.system.spawn(Behavior<Question>.ignore, name: "there"))
        let proxy = try a.system.spawn(
            Behavior<Question>.receive { _, question in
                there.tell(question)
                return .same
            }, name: "proxy")
        b.kill()
        let direct = AskFailures.ask(a, there) { Question(number: 1, replyTo: $0) }
        let passedOn = AskFailures.ask(a, proxy) { Question(number: 2, replyTo: $0) }
        world.run(for: .seconds(20))
        #expect(direct.all.map(\.code) == [.unreachable])
        #expect(passedOn.all.map(\.code) == [.unreachable])
        #expect(direct.all.first?.reason?.contains("never left") == true)
        world.world.dispose()
    }
}

enum AskFailures {
    /// Known to the asking node only.
    struct Unknown: Codable, Sendable {
        var replyTo: ActorRef<Int>
    }

    /// Cannot be read when it holds a negative number, nor written when it holds 13.
    struct Fragile: Codable, Sendable {
        var number: Int
        var replyTo: ActorRef<Int>

        init(number: Int, replyTo: ActorRef<Int>) { (self.number, self.replyTo) = (number, replyTo) }

        struct Broken: Error {}

        enum CodingKeys: CodingKey { case number, replyTo }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            number = try container.decode(Int.self, forKey: .number)
            replyTo = try container.decode(ActorRef<Int>.self, forKey: .replyTo)
            if number < 0 { throw Broken() }
        }

        func encode(to encoder: any Encoder) throws {
            if number == 13 { throw Broken() }
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(number, forKey: .number)
            try container.encode(replyTo, forKey: .replyTo)
        }
    }

    struct Secret: Sendable {}
    struct Public: Codable, Sendable {}

    /// Wants a text of some length, a secret, which the asked node cannot write, or something public, which the asking node cannot read.
    enum Wish: Codable, Sendable {
        case text(length: Int, padding: String, replyTo: ActorRef<String>)
        case secret(ActorRef<Secret>)
        case visible(ActorRef<Public>)
    }

    static func ask<Message: Sendable, Reply: Sendable>(
        _ node: TestNode, _ ref: ActorRef<Message>, _ question: (ActorRef<Reply>) -> Message
    ) -> Record<AskError> {
        let failures = Record<AskError>()
        node.system.ask(ref, within: .seconds(1000), question) { (result: Result<Reply, AskError>) in
            if case .failure(let error) = result { failures.add(error) }
        }
        return failures
    }

    static func story(_ world: some TestWorld) async throws {
        var settings = RemotingSettings()
        settings.frameLimit = 64 * 1024
        let a = try await world.start(1, settings)
        let b = try await world.start(2, settings)
        let c = try await world.start(3, settings)
        for node in [a, b, c] {
            try node.system.registry.register(Fragile.self, name: "fragile")
            try node.system.registry.register(Wish.self, name: "wish")
        }
        try b.system.registry.register(Public.self, name: "public")
        try a.system.registry.register(Unknown.self, name: "unknown")

        let fragile = a.reference(to: try b.system.spawn(Behavior<Fragile>.ignore, name: "fragile"))
        let unknown = a.reference(to: try b.system.spawn(Behavior<Unknown>.ignore, name: "unknown"))
        let wishes = a.reference(
            to: try b.system.spawn(
                Behavior<Wish>.receive { _, wish in
                    switch wish {
                    case .text(let length, _, let replyTo): replyTo.tell(String(repeating: "x", count: length))
                    case .secret(let replyTo): replyTo.tell(Secret())
                    case .visible(let replyTo): replyTo.tell(Public())
                    }
                    return .same
                }, name: "wishes"))
        let stopping = a.reference(
            to: try b.system.spawn(
                Behavior<Question>.receive { _, question in question.number == 0 ? .stopped : .same },
                name: "stopping"))
        // One that passes what it is asked on to a node that knows no actor of that number.
        let nowhere = ActorAddress(system: "test", node: c.address, path: ["user", "missing"], uid: 77)
        let forwarder = a.reference(
            to: try b.system.spawn(
                Behavior<Question>.receive { context, question in
                    context.system.reference(to: nowhere, as: Question.self).tell(question)
                    return .same
                }, name: "forwarder"))
        func fails(
            _ failures: Record<AskError>, _ code: AskError.Code, naming words: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async {
            #expect(await world.wait { failures.count == 1 }, sourceLocation: sourceLocation)
            #expect(failures.all.map(\.code) == [code], sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    failures.all.first?.description.contains(word) == true, "\(failures.all) names \(word)",
                    sourceLocation: sourceLocation)
            }
        }
        await fails(ask(a, unknown) { Unknown(replyTo: $0) }, .notDecodable, naming: "unknown", "127.0.0.2")
        await fails(ask(a, fragile) { Fragile(number: -1, replyTo: $0) }, .notDecodable, naming: "fragile", "Broken")
        await fails(ask(a, fragile) { Fragile(number: 13, replyTo: $0) }, .notEncodable, naming: "fragile", "Broken")
        let wrong = a.system.reference(to: fragile.address, as: Question.self)
        await fails(ask(a, wrong) { Question(number: 1, replyTo: $0) }, .notDecodable, naming: "Question")
        let padding = String(repeating: "p", count: 70_000)
        await fails(
            ask(a, wishes) { .text(length: 1, padding: padding, replyTo: $0) }, .tooLarge, naming: "wish", "65536")
        await fails(
            ask(a, wishes) { .text(length: 70_000, padding: "", replyTo: $0) }, .tooLarge, naming: "string", "65536",
            "127.0.0.2")
        await fails(ask(a, wishes) { .secret($0) }, .notEncodable, naming: "Secret", "127.0.0.2")
        await fails(ask(a, wishes) { .visible($0) }, .notDecodable, naming: "public", "127.0.0.1")
        stopping.tell(Question(number: 0, replyTo: a.system.reference(to: nowhere)))
        await fails(ask(a, stopping) { Question(number: 1, replyTo: $0) }, .noSuchActor)
        await fails(ask(a, stopping) { Question(number: 2, replyTo: $0) }, .noSuchActor, naming: "stopping")
        // A number that a node never gave belongs to another incarnation.
        await fails(ask(a, forwarder) { Question(number: 1, replyTo: $0) }, .nodeRemoved, naming: "127.0.0.3")
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastySerialization
import CastyTestbed
import Synchronization
import Testing

/// What actors of several nodes have received, in order.
final class Heard<Message: Sendable>: Sendable {
    private let messages = Mutex<[(who: String, message: Message)]>([])

    func note(_ who: String, _ message: Message) { messages.withLock { $0.append((who, message)) } }

    func of(_ who: String) -> [Message] { messages.withLock { $0 }.filter { $0.who == who }.map(\.message) }

    var names: [String] { messages.withLock { $0 }.map(\.who) }

    /// An actor that notes what it receives.
    func listener(_ who: String) -> Behavior<Message> {
        .receive { _, message in
            self.note(who, message)
            return .same
        }
    }
}

extension TestCluster {
    /// Some plain nodes that are up, and see one another so.
    static func plain(seed: UInt64, nodes: Int) throws -> TestCluster {
        var settings = TestClusterSettings()
        settings.samples = []
        let testbed = TestCluster(world: SimulatedClusterWorld(seed: seed), settings: settings, checkers: .all)
        try testbed.start(Array(1...nodes))
        let areUp = try testbed.advance(until: testbed.now + .seconds(60)) {
            testbed.running.count == nodes && testbed.running.allSatisfy { $0.cluster.state.up.count == nodes }
        }
        if !areUp { throw TestClusterError("the nodes are not up") }
        return testbed
    }

    func pass(_ time: Duration) throws { try advance(until: now + time) }
}

@Suite("Topics in the simulated runtime")
struct TopicStoryTests {
    private struct News: Codable, Sendable, Hashable {
        let number: Int
    }

    private static let topic = Topic<News>("news")

    @Test(
        "what is published reaches every subscriber once and in order, and no one after its end", arguments: [1, 2, 3])
    func publish(seed: UInt64) throws {
        let testbed = try TestCluster.plain(seed: seed, nodes: 3)
        defer { testbed.end() }
        let heard = Heard<News>()
        var readers: [ActorRef<News>] = []
        for node in testbed.running {
            try node.system.registry.register(News.self, name: "test.news")
            for copy in ["a", "b"] {
                let reader = try node.system.spawn(heard.listener("\(node.name)\(copy)"))
                node.cluster.topic(Self.topic).subscribe(reader)
                readers.append(reader)
            }
        }
        // The same topic, another type.
        let other = Heard<String>()
        try testbed.node(1).cluster.topic(Topic<String>("news")).subscribe(
            testbed.node(1).system.spawn(other.listener("n1")))
        try testbed.pass(.seconds(2))
        for number in 0..<50 { try testbed.node(2).cluster.topic(Self.topic).publish(News(number: number)) }
        try testbed.pass(.seconds(2))
        let all = (0..<50).map(News.init)
        for node in testbed.running {
            for copy in ["a", "b"] { #expect(heard.of("\(node.name)\(copy)") == all, "\(node.name)\(copy)") }
        }
        #expect(other.names.isEmpty)

        // Subscriptions end with their actor, and by request; without any, other nodes send nothing more.
        let third = try testbed.node(3)
        third.system.stop(readers[4])
        third.cluster.topic(Self.topic).unsubscribe(readers[5])
        try testbed.pass(.seconds(2))
        #expect(third.cluster.receptionist.registry.own.registrations.isEmpty)
        try testbed.node(1).cluster.topic(Self.topic).publish(News(number: 50))
        try testbed.pass(.seconds(1))
        #expect(heard.of("n3a").count + heard.of("n3b").count == 100)
        #expect(heard.of("n2a").last == News(number: 50))

        // A node that died is forgotten, and one that joins takes part.
        try testbed.kill(2)
        try testbed.pass(.seconds(15))
        try testbed.restart(2)
        try testbed.pass(.seconds(15))
        let again = try testbed.node(2)
        try again.system.registry.register(News.self, name: "test.news")
        again.cluster.topic(Self.topic).subscribe(try again.system.spawn(heard.listener("again")))
        try testbed.pass(.seconds(2))
        third.cluster.topic(Self.topic).publish(News(number: 51))
        try testbed.pass(.seconds(1))
        #expect(heard.of("again") == [News(number: 51)])
        #expect(heard.of("n1a").last == News(number: 51))
    }

    @Test("a type without a registered name travels under its own")
    func unregistered() throws {
        let testbed = try TestCluster.plain(seed: 4, nodes: 2)
        defer { testbed.end() }
        let heard = Heard<News>()
        for node in testbed.running {
            node.cluster.topic(Self.topic).subscribe(try node.system.spawn(heard.listener(node.name)))
        }
        try testbed.pass(.seconds(2))
        try testbed.node(1).cluster.topic(Self.topic).publish(News(number: 1))
        try testbed.pass(.seconds(1))
        #expect(heard.names == ["n1", "n2"])
        #expect(testbed.running.allSatisfy { !$0.system.losses.contains { $0.lossClass == .user } })
    }
}

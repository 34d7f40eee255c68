import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyPlacement
import CastyRemoting
import CastySerialization
import CastySharding
import CastyTestbed
import Testing

/// Two builds of one service in one cluster: n1 runs the old one, n2 the new one, under the same names.
@Suite("Two versions of a service side by side")
struct EvolutionStoryTests {
    private enum OldOrder: Codable, Sendable {
        case add(item: String, replyTo: ActorRef<OldReply>)
    }

    private struct OldReply: Codable, Sendable, Equatable {
        var text: String
    }

    private enum NewOrder: Codable, Sendable {
        case add(item: String, count: Int? = nil, replyTo: ActorRef<NewReply>)
        case cancel(replyTo: ActorRef<NewReply>)
    }

    private struct NewReply: Codable, Sendable, Equatable {
        var text: String
        var items: Int?
    }

    /// The cluster, with an actor and an entity type of each version.
    private final class Service {
        let testbed: TestCluster
        let old: ShardRegion<OldOrder>
        let new: ShardRegion<NewOrder>
        /// References as the other node knows them.
        let oldActor: ActorRef<NewOrder>
        let newActor: ActorRef<OldOrder>

        init(_ codec: CodecID) throws {
            var settings = TestClusterSettings()
            settings.samples = []
            settings.remoting.codec = codec
            let testbed = TestCluster(world: SimulatedClusterWorld(seed: 5), settings: settings, checkers: .all)
            self.testbed = testbed
            try testbed.start([1, 2])
            let areUp = try testbed.advance(until: testbed.now + .seconds(30)) {
                testbed.running.count == 2 && testbed.running.allSatisfy { $0.cluster.state.up.count == 2 }
            }
            guard areUp else { throw TestClusterError("the nodes are not up") }
            let (first, second) = (try testbed.node(1), try testbed.node(2))
            try first.system.registry.register(OldOrder.self, name: "shop.order")
            try first.system.registry.register(OldReply.self, name: "shop.reply")
            try second.system.registry.register(NewOrder.self, name: "shop.order")
            try second.system.registry.register(NewReply.self, name: "shop.reply")
            old = try first.sharding.start(type: "order", shards: 8) { _ in Self.oldOrder() }
            new = try second.sharding.start(type: "order", shards: 8) { _ in Self.newOrder() }
            let oldService = try first.system.spawn(Self.oldOrder())
            let newService = try second.system.spawn(Self.newOrder())
            oldService.target.willTravel()
            newService.target.willTravel()
            oldActor = second.system.reference(to: oldService.address)
            newActor = first.system.reference(to: newService.address)
            try testbed.advance(until: testbed.now + .seconds(5))
        }

        deinit { testbed.end() }

        static func oldOrder() -> Behavior<OldOrder> {
            .receive { _, order in
                switch order {
                case .add(let item, let replyTo): replyTo.tell(OldReply(text: "old has \(item)"))
                }
                return .same
            }
        }

        static func newOrder() -> Behavior<NewOrder> {
            .receive { _, order in
                switch order {
                case .add(let item, let count, let replyTo):
                    replyTo.tell(NewReply(text: "new has \(count ?? 1) \(item)", items: count ?? 1))
                case .cancel(let replyTo): replyTo.tell(NewReply(text: "cancelled"))
                }
                return .same
            }
        }

        /// Lets an ask come to its end.
        func outcome<Reply: Sendable>(
            _ ask: (@escaping @Sendable (Result<Reply, AskError>) -> Void) -> Void
        ) throws -> Result<Reply, AskError> {
            let heard = Heard<Result<Reply, AskError>>()
            ask { heard.note("", $0) }
            let began = testbed.now
            try testbed.advance(until: began + .seconds(8)) { !heard.names.isEmpty }
            // At the moment it is known, not at the timeout.
            #expect(testbed.now - began < .seconds(2))
            return try #require(heard.of("").first)
        }

        /// An entity that runs on a node.
        func entity(on number: Int) throws -> String {
            let node = try testbed.node(number)
            for name in (0..<200).map({ "order-\($0)" }) {
                _ = try? outcome { (done: @escaping @Sendable (Result<NewReply, AskError>) -> Void) in
                    self.new.ask(name, within: .seconds(5), { .add(item: "x", replyTo: $0) }, completion: done)
                }
                if node.sharding.hosts(name, type: "order") { return name }
            }
            throw TestClusterError("no entity runs on n\(number)")
        }
    }

    @Test(
        "what is compatible works between actors of both versions, in both directions",
        arguments: [CodecID.binary, .json])
    func actors(codec: CodecID) throws {
        let service = try Service(codec)
        let (first, second) = (try service.testbed.node(1).system, try service.testbed.node(2).system)
        let toOld = try service.outcome { (done: @escaping @Sendable (Result<NewReply, AskError>) -> Void) in
            second.ask(
                service.oldActor, within: .seconds(5), { .add(item: "tea", count: 3, replyTo: $0) }, completion: done)
        }
        #expect(try toOld.get() == NewReply(text: "old has tea", items: nil))
        let toNew = try service.outcome { (done: @escaping @Sendable (Result<OldReply, AskError>) -> Void) in
            first.ask(service.newActor, within: .seconds(5), { .add(item: "tea", replyTo: $0) }, completion: done)
        }
        #expect(try toNew.get() == OldReply(text: "new has 1 tea"))
    }

    @Test(
        "what is not compatible tells the asker the type, both nodes and the reason",
        arguments: [CodecID.binary, .json])
    func incompatible(codec: CodecID) throws {
        let service = try Service(codec)
        let (first, second) = (try service.testbed.node(1).system, try service.testbed.node(2).system)
        let outcome = try service.outcome { (done: @escaping @Sendable (Result<NewReply, AskError>) -> Void) in
            second.ask(service.oldActor, within: .seconds(5), { .cancel(replyTo: $0) }, completion: done)
        }
        guard case .failure(let error) = outcome else {
            Issue.record("the old version has read a new case")
            return
        }
        #expect(error.code == .notDecodable)
        for word in ["shop.order", "\(first.address)", "\(second.address)", "a case that this version does not know"] {
            #expect(error.description.contains(word), "\(error)")
        }
        // The connection stays, and other messages are not affected.
        let next = try service.outcome { (done: @escaping @Sendable (Result<NewReply, AskError>) -> Void) in
            second.ask(service.oldActor, within: .seconds(5), { .add(item: "tea", replyTo: $0) }, completion: done)
        }
        #expect(try next.get().text == "old has tea")
        #expect(first.losses.contains { $0.reason == .undecodable && $0.lossClass == .user && $0.count == 1 })
    }

    @Test("entities of both versions answer, and name what they cannot read", arguments: [CodecID.binary, .json])
    func entities(codec: CodecID) throws {
        let service = try Service(codec)
        let (old, new) = (try service.entity(on: 1), try service.entity(on: 2))
        let fromOld = try service.outcome { (done: @escaping @Sendable (Result<OldReply, AskError>) -> Void) in
            service.old.ask(new, within: .seconds(5), { .add(item: "tea", replyTo: $0) }, completion: done)
        }
        #expect(try fromOld.get() == OldReply(text: "new has 1 tea"))
        let fromNew = try service.outcome { (done: @escaping @Sendable (Result<NewReply, AskError>) -> Void) in
            service.new.ask(old, within: .seconds(5), { .add(item: "tea", count: 2, replyTo: $0) }, completion: done)
        }
        #expect(try fromNew.get() == NewReply(text: "old has tea", items: nil))
        let refused = try service.outcome { (done: @escaping @Sendable (Result<NewReply, AskError>) -> Void) in
            service.new.ask(old, within: .seconds(5), { .cancel(replyTo: $0) }, completion: done)
        }
        guard case .failure(let error) = refused else {
            Issue.record("the old version has read a new case")
            return
        }
        #expect(error.code == .notDecodable)
        #expect(error.entity == old)
        let first = try service.testbed.node(1).system.address
        for word in ["shop.order", "order", "\(first)", "a case that this version does not know"] {
            #expect(error.description.contains(word), "\(error)")
        }
    }

    @Test("a message above the limit tells the asker its size, the limit, the type and the sender")
    func tooLarge() throws {
        let service = try Service(.binary)
        let second = try service.testbed.node(2).system
        let outcome = try service.outcome { (done: @escaping @Sendable (Result<NewReply, AskError>) -> Void) in
            second.ask(
                service.oldActor, within: .seconds(5),
                { .add(item: String(repeating: "x", count: 300_000), replyTo: $0) }, completion: done)
        }
        guard case .failure(let error) = outcome else {
            Issue.record("300,000 bytes passed")
            return
        }
        #expect(error.code == .tooLarge)
        for word in ["shop.order", "\(second.address)", "\(RemotingSettings().frameLimit)"] {
            #expect(error.description.contains(word), "\(error)")
        }
    }
}

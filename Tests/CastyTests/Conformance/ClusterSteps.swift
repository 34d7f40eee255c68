import Casty
import Synchronization
import Testing

/// Steps 9 to 16 of the plan: what a cluster is made of, with `import Casty` and nothing else.
@Suite("Steps 9 to 16: clocks, gossip, cluster, shards", .timeLimit(.minutes(10)))
struct ClusterSteps {
    static func start(_ seeds: Seeds = [], roles: [String] = []) async throws -> CastyNode {
        try await CastyNode.start("plan") {
            $0.bind = "127.0.0.1:0"
            $0.seeds = seeds
            $0.roles = roles
            $0.timings = .responsive
        }
    }

    static func cluster(of count: Int) async throws -> [CastyNode] {
        var nodes = [try await start()]
        let seeds: Seeds = ["\(nodes[0].system.address)"]
        for _ in 1..<count { nodes.append(try await start(seeds)) }
        for node in nodes { try await node.joined() }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == count }) { try await Task.sleep(for: .milliseconds(5)) }
        return nodes
    }

    static func node(_ number: UInt64) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 1), incarnation: number)
    }

    @Test("9: a vector clock orders changes, and a view of the cluster is a value")
    func clockAndState() {
        var (one, two) = (VectorClock(), VectorClock())
        one.tick(Self.node(1))
        #expect(two.compare(one) == .before && one.compare(two) == .after)
        two.tick(Self.node(2))
        #expect(one.compare(two) == .concurrent)
        var merged = one
        merged.merge(two)
        #expect(merged.compare(one) == .after && merged.compare(two) == .after && merged.total == 2)
        two.merge(one)
        #expect(two.compare(merged) == .same && two == merged)

        let state = ClusterState(
            members: [
                Member(node: Self.node(2), status: .up, upNumber: 1), Member(node: Self.node(1), status: .leaving),
            ], leader: Self.node(1), version: 3, seenBy: [Self.node(1)])
        #expect(state.members.map(\.node) == [Self.node(1), Self.node(2)])
        #expect(state.member(Self.node(1))?.status == .leaving && state.oldest == Self.node(2))
        #expect(state.version == 3 && state.seenBy == [Self.node(1)] && !state.isConverged)
    }

    @Test("10: every change is an event, for an actor and for a sequence, with its member")
    func events() async throws {
        let first = try await Self.start()
        try await first.joined()
        let received = Mutex<[ClusterEvent]>([])
        let watcher = try first.spawn(
            Behavior<ClusterEvent>.receive { _, event in
                received.withLock { $0.append(event) }
                return .same
            }, name: "watcher")
        first.cluster.subscribe(watcher)
        let events = first.cluster.events
        let second = try await Self.start(["\(first.system.address)"], roles: ["second"])
        var read: [ClusterEvent] = []
        for await event in events {
            read.append(event)
            if case .memberUp(let up) = event, up.member.node == second.system.unique { break }
        }
        #expect(read.allSatisfy { $0.member?.roles == ["second"] || $0.member?.node == first.system.unique })
        while received.withLock({ $0.count }) < read.count { try await Task.sleep(for: .milliseconds(2)) }
        #expect(Array(received.withLock { $0 }.prefix(read.count)) == read)
        await second.leave()
        await first.leave()
    }

    @Test("11: a peer that falls silent is unreachable, then down, then removed")
    func heartbeat() async throws {
        let nodes = try await Self.cluster(of: 3)
        let events = nodes[0].cluster.events
        let silent = nodes[2].system.unique
        await nodes[2].stop(within: .seconds(1))
        var story: [String] = []
        for await event in events {
            guard event.member?.node == silent else { continue }
            switch event {
            case .unreachableMember(let event):
                story.append("unreachable to \(event.observers.isEmpty ? "none" : "some")")
            case .memberDown: story.append("down")
            case .memberLeft(let left): story.append("removed, was \(left.lastStatus)")
            case .memberJoined, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .reachableMember,
                .leaderChanged:
                break
            }
            if case .memberLeft = event { break }
        }
        #expect(story == ["unreachable to some", "down", "removed, was down"])
        for node in nodes[..<2] { await node.leave() }
    }

    @Test("12: gossip brings all nodes to one version, which all have seen")
    func gossip() async throws {
        let nodes = try await Self.cluster(of: 3)
        let all = nodes.map(\.system.unique).sorted()
        while true {
            let states = nodes.map(\.cluster.state)
            if Set(states.map(\.version)).count == 1, states.allSatisfy({ $0.isConverged && $0.seenBy == all }) {
                break
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        let snapshots = nodes.map { $0.snapshot().membership }
        #expect(Set(snapshots.map(\.digest)).count == 1)
        #expect(Set(nodes.map(\.cluster.state.leader)).count == 1)
        for node in nodes.reversed() { await node.leave() }
    }

    @Test("13: a cluster has a configuration, members with roles, a leader, and an end")
    func cluster() async throws {
        var config = ClusterConfig(roles: ["shop"], timings: .responsive)
        config.require("schema", "1")
        let first = try await CastyNode.start(
            name: "plan", listen: NodeAddress(host: "127.0.0.1", port: 0), cluster: config)
        try await first.joined()
        #expect(first.cluster.state.up.map(\.roles) == [["shop"]])
        #expect(first.cluster.state.leader == first.system.unique)
        let other = try await Self.start(["\(first.system.address)"])
        let error = await #expect(throws: NodeError.self) { try await other.joined() }
        #expect(
            error?.stopReason == .refused(.settingDiffers(name: "schema", cluster: "1", joiner: "not set")))
        await first.leave()
        #expect(first.cluster.stopReason == .left)
    }

    enum Counter: Codable, Sendable {
        case add(Int)
        case get(replyTo: ActorRef<Int>)
        case home(replyTo: ActorRef<UniqueAddress>)
    }

    static let counters = EntityType("counter", of: Counter.self, shards: 8)

    static func counter(_ entity: EntityContext) -> Behavior<Counter> {
        .stateful(0) { sum, _, message in
            switch message {
            case .add(let number): sum += number
            case .get(let replyTo): replyTo.tell(sum)
            case .home(let replyTo): replyTo.tell(entity.node)
            }
            return .same
        }
    }

    @Test("14: one coordinator spreads the shards evenly, moves them on command, and gives them up when nodes leave")
    func coordinator() async throws {
        let nodes = try await Self.cluster(of: 2)
        let regions = try nodes.map { try $0.host(Self.counters) { Self.counter($0) } }
        for number in 1...40 { regions[0].tell("\(number)", .add(1)) }
        func shards() async -> [Int] {
            await regions[0].statistics().regions.map(\.shards.count).sorted()
        }
        while await shards() != [4, 4] { try await Task.sleep(for: .milliseconds(20)) }
        let shard = regions[0].shard(of: "7")
        for node in nodes {
            try await regions[1].pin(shard: shard, to: node.system.address)
            while try await regions[0].ask("7", { .home(replyTo: $0) }) != node.system.unique {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(regions[0].shardHome(of: "7") == node.system.unique)
        }
        try await regions[1].unpin(shard: shard)
        await nodes[1].leave()
        for number in 1...40 {
            #expect(try await regions[0].ask("\(number)") { .home(replyTo: $0) } == nodes[0].system.unique)
        }
        await nodes[0].leave()
    }

    @Test("15: a region takes envelopes, as calls and as an actor; entities are asked, and lost messages counted")
    func region() async throws {
        let nodes = try await Self.cluster(of: 2)
        let regions = try nodes.map { try $0.host(Self.counters) { Self.counter($0) } }
        for number in 1...20 {
            regions[number % 2].tell(ShardEnvelope(entity: "c\(number)", message: .add(number)))
            regions[number % 2].ref.tell(ShardEnvelope(entity: "c\(number)", message: .add(1)))
            #expect(try await regions[number % 2].ask("c\(number)") { .get(replyTo: $0) } == number + 1)
        }
        let page = await regions[0].entities(containing: "c", limit: 100)
        #expect(page.entities.count == 20 && page.failed.isEmpty)
        let long = String(repeating: "x", count: 3000)
        let error = await #expect(throws: AskError.self) { try await regions[0].ask(long) { .get(replyTo: $0) } }
        #expect(error?.code == .failed)
        while !nodes[0].system.losses.contains(where: { $0.lossClass == .user && $0.reason == .undecodable }) {
            try await Task.sleep(for: .milliseconds(2))
        }
        for node in nodes.reversed() { await node.leave() }
    }

    @Test("16: a workflow: entities that ask entities, a singleton, asynchronous handlers, state that outlives a node")
    func workflow() async throws {
        enum Order: Codable, Sendable {
            case place(items: Int, replyTo: ActorRef<String>)
        }
        struct Stock: Codable { var left: Int }
        enum Store: Codable, Sendable {
            case take(Int, replyTo: ActorRef<Bool>)
        }
        enum Till: Codable, Sendable {
            case sold(Int)
            case total(replyTo: ActorRef<Int>)
        }
        let orders = EntityType("order", of: Order.self, shards: 8)
        let stock = EntityType("stock", of: Store.self, shards: 8)
        let saved = InMemoryEntityStore()
        let nodes = try await Self.cluster(of: 2)
        var tills: [SingletonRef<Till>] = []
        for node in nodes {
            let till = try node.singleton("till", of: Till.self) {
                .stateful(0) { total, _, message in
                    switch message {
                    case .sold(let count): total += count
                    case .total(let replyTo): replyTo.tell(total)
                    }
                    return .same
                }
            }
            tills.append(till)
            try node.host(stock, state: .manual(saved)) { entity in
                .durable(entity, Stock(left: 10)) { stock, _, message in
                    switch message {
                    case .take(let count, let replyTo):
                        let isEnough = stock.left >= count
                        if isEnough { stock.left -= count }
                        replyTo.tell(isEnough)
                    }
                    return .same
                }
            }
            let apples = node.entity(stock, "apples")
            try node.host(orders) { entity in
                .receiveAsync { context, message in
                    switch message {
                    case .place(let items, let replyTo):
                        let isTaken = try await apples.ask { .take(items, replyTo: $0) }
                        if isTaken { till.tell(.sold(items)) }
                        replyTo.tell("\(entity.id): \(isTaken ? "sold" : "out of stock")")
                    }
                    return .same
                }
            }
        }
        var replies: [String] = []
        for number in 1...4 {
            replies.append(
                try await nodes[number % 2].entity(orders, "order-\(number)").ask { .place(items: 3, replyTo: $0) })
        }
        #expect(replies == ["order-1: sold", "order-2: sold", "order-3: sold", "order-4: out of stock"])
        while try await tills[1].ask({ .total(replyTo: $0) }) != 9 { try await Task.sleep(for: .milliseconds(5)) }
        // The stock outlives the node that it was on.
        await nodes[1].leave()
        let last = try await nodes[0].entity(orders, "order-5").ask { .place(items: 1, replyTo: $0) }
        #expect(last == "order-5: sold")
        let none = try await nodes[0].entity(orders, "order-6").ask { .place(items: 1, replyTo: $0) }
        #expect(none == "order-6: out of stock")
        await nodes[0].leave()
    }
}

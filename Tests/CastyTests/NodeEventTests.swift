import Casty
import Synchronization
import Testing

@Suite("What a node says of itself", .timeLimit(.minutes(10)))
struct NodeEventTests {
    static func node(_ seeds: Seeds = []) async throws -> CastyNode {
        try await CastyNode.start("shop") {
            $0.bind = "127.0.0.1:0"
            $0.seeds = seeds
            $0.roles = ["shop"]
            $0.timings = .responsive
        }
    }

    @Test("the events of a cluster carry the member, and end with the node")
    func clusterEvents() async throws {
        let first = try await Self.node()
        try await first.joined()
        let events = first.cluster.events
        let second = try await Self.node(["\(first.system.address)"])
        let joiner = second.system.unique
        try await second.joined()
        while first.cluster.state.up.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        await second.leave()
        while first.cluster.state.members.count > 1 { try await Task.sleep(for: .milliseconds(5)) }
        await first.leave()

        var story: [String] = []
        for await event in events {
            guard let member = event.member, member.node == joiner else { continue }
            #expect(member.roles == ["shop"])
            switch event {
            case .memberJoined: story.append("joined")
            case .memberUp(let up): story.append("up \(up.member.upNumber ?? 0)")
            case .memberLeaving: story.append("leaving")
            case .memberExiting: story.append("exiting")
            case .memberLeft(let left): story.append("left, was \(left.lastStatus)")
            case .memberWeaklyUp, .memberDown, .unreachableMember, .reachableMember, .leaderChanged: break
            }
        }
        #expect(story == ["joined", "up 2", "leaving", "exiting", "left, was exiting"])
        #expect(events.dropped == 0)
    }

    @Test("a slow reader gets the latest events, and the number of those that it missed")
    func lossy() async throws {
        let node = try await Self.node()
        let losses = node.losses
        let gone = try node.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "gone")
        gone.tell(0)
        while node.system.lookup("gone") != nil { try await Task.sleep(for: .milliseconds(1)) }
        for number in 1...1500 { gone.tell(number) }
        #expect(losses.dropped == 1500 - 1024)
        var iterator = losses.makeAsyncIterator()
        let first = await iterator.next()
        #expect(first?.reason == .noSuchActor && first?.isDeadLetter == true && first?.type == "Int")
        #expect(first?.target.contains("/user/gone") == true)
        #expect(node.system.losses.first { $0.lossClass == .user }?.count == 1500)
        await node.leave()
        var count = 1
        while await iterator.next() != nil { count += 1 }
        #expect(count >= 1024)
    }

    @Test("an actor and a sequence get the starts, ends and dead letters of a node")
    func nodeEvents() async throws {
        let node = try await Self.node()
        let seen = Mutex<[String]>([])
        let listener = try node.spawn(
            Behavior<NodeEvent>.receive { _, event in
                switch event {
                case .actorStarted(let address): seen.withLock { $0.append("started \(address.pathText)") }
                case .actorStopped(let address, let failure):
                    seen.withLock { $0.append("stopped \(address.pathText)\(failure.map { ": \($0)" } ?? "")") }
                case .lost(let loss): if loss.isDeadLetter { seen.withLock { $0.append("dead letter \(loss.type)") } }
                case .cluster: break
                }
                return .same
            }, name: "listener")
        node.subscribe(listener)
        let events = node.events
        struct Failure: Error, CustomStringConvertible { var description: String { "broken" } }
        let worker = try node.spawn(
            Behavior<Int>.receive { _, number in
                if number == 0 { throw Failure() }
                return .same
            }, name: "worker")
        worker.tell(0)
        while node.system.lookup("worker") != nil { try await Task.sleep(for: .milliseconds(1)) }
        worker.tell(1)
        let expected = ["started /user/worker", "stopped /user/worker: broken", "dead letter Int"]
        while seen.withLock({ $0.count }) < 3 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(seen.withLock { $0 } == expected)

        // A subscriber that has ended is forgotten, and is no dead letter itself.
        node.system.stop(listener)
        while node.system.lookup("listener") != nil { try await Task.sleep(for: .milliseconds(1)) }
        let before = node.system.losses
        _ = try node.spawn(Behavior<Int>.ignore, name: "last")
        #expect(node.system.losses == before)
        await node.leave()
        var starts: [String] = []
        for await case .actorStarted(let address) in events { starts.append(address.pathText) }
        #expect(starts == ["/user/worker", "/user/last"])
    }

    @Test("a reader whose task is cancelled stops waiting")
    func cancelled() async throws {
        let node = try await Self.node()
        let losses = node.losses
        let task = Task {
            var count = 0
            for await _ in losses { count += 1 }
            return count
        }
        task.cancel()
        #expect(await task.value == 0)
        await node.leave()
    }

    @Test("a snapshot shows phi for each peer, the gossip's version, who has seen it, and where shards live")
    func snapshot() async throws {
        let first = try await Self.node()
        let second = try await Self.node(["\(first.system.address)"])
        let type = EntityType("cart", of: EntityTypeTests.Cart.self, shards: 4)
        for node in [first, second] {
            try await node.joined()
            try node.host(type) { EntityTypeTests.cart($0) }
        }
        for number in 1...12 { _ = try await first.entity(type, "\(number)").ask { .total(replyTo: $0) } }
        while !first.cluster.state.isConverged { try await Task.sleep(for: .milliseconds(5)) }
        let both = [first.system.unique, second.system.unique].sorted()
        while first.snapshot().membership.peers.first?.lastHeartbeat == nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        let snapshot = first.snapshot()
        #expect(snapshot.node == first.system.unique)
        #expect(snapshot.membership.members.map(\.node) == both)
        #expect(snapshot.membership.gossipVersion > 0)
        #expect(snapshot.membership.peers.map(\.node) == [second.system.unique])
        #expect(snapshot.membership.peers.allSatisfy { $0.phi >= 0 && $0.phi < $0.threshold })
        let homes = try #require(snapshot.sharding.first { $0.type == "cart" }).homes
        #expect(homes.count == 4 && homes.allSatisfy { both.contains($0.node) })

        let state = first.cluster.state
        #expect(state.seenBy == both && state.version > 0)
        await second.leave()
        await first.leave()
    }

    @Test("a handler can be tested with views and events of the test's own")
    func values() {
        func member(_ host: String, _ status: MemberStatus, _ number: UInt32?) -> Member {
            Member(
                node: UniqueAddress(address: NodeAddress(host: host, port: 1), incarnation: 7), status: status,
                upNumber: number, roles: ["b", "a"])
        }
        let state = ClusterState(
            members: [member("127.0.0.2", .up, 1), member("127.0.0.1", .up, 2), member("127.0.0.3", .joining, nil)],
            isConverged: true, version: 9)
        #expect(state.up.map(\.node.address.host) == ["127.0.0.1", "127.0.0.2"])
        #expect(state.oldest?.address.host == "127.0.0.2")
        let left = ClusterEvent.memberLeft(MemberLeft(member: member("127.0.0.1", .exiting, 2)))
        #expect(left.member?.status == .exiting && left.member?.roles == ["a", "b"])
    }
}

import CastyCore
import Testing

@testable import CastyPlacement

/// The routes of shards: when the region opens them, and what closes them.
@Suite("Routes of shards")
struct RouteTests: RegionSamples {
    /// A region that knows that shard 0 is on node 3.
    private func sending() -> Region<String> {
        var region = registered()
        _ = region.onMessage(
            .order(epoch, .homes([ShardHome(shard: 0, node: node(3), version: version(1))], allOf: 0..<1)),
            from: node(1), at: at(2))
        return region
    }

    private func open(_ region: inout Region<String>) -> ShardRoute? {
        defer { _ = region.takeClosedRoutes() }
        return region.openRoute(of: 0)
    }

    @Test("no route is open while the home is unknown, or messages wait for it")
    func unknownHome() {
        var region = registered()
        #expect(region.openRoute(of: 0) == nil)
        _ = region.onRoute("a", to: "e-1", at: at(3))
        #expect(region.openRoute(of: 0) == nil)
        #expect(region.openRoute(of: 7) == nil)
    }

    @Test("the route to another node owns its numbers: what the region sends later has higher ones")
    func numbers() throws {
        var region = sending()
        let route = try #require(open(&region))
        #expect(route == ShardRoute(sending: .remote(node(3), version(1), first: 1), arrivals: nil))
        #expect(region.openRoute(of: 0) == nil, "it is open already")
        let effects = region.onRoute("a", to: "e-1", at: at(3))
        #expect(region.takeClosedRoutes() == [0])
        let expected = ShardDelivery(
            shard: 0, entity: "e-1", version: version(1), sequence: ShardRoute.numbers + 1, payload: "a")
        #expect(effects == [.send(to: node(3), .peer(.deliver(expected)))])
        #expect(open(&region)?.sending == .remote(node(3), version(1), first: ShardRoute.numbers + 2))
    }

    @Test("a handoff closes the route in the call that sends the marker")
    func handoff() {
        var region = sending()
        #expect(open(&region) != nil)
        let effects = region.onMessage(
            .order(epoch, .beginHandOff(shard: 0, handoff: version(2), owner: node(3))), from: node(1), at: at(3))
        #expect(region.takeClosedRoutes() == [0])
        #expect(
            effects.contains(.send(to: node(3), .peer(.streamEnd(shard: 0, token: 1, handoff: version(2))))))
        #expect(region.openRoute(of: 0) == nil)
        // The stream is closed and the new home known: the route leads there.
        let learned = ShardHome(shard: 0, node: node(1), version: version(3))
        _ = region.onMessage(.order(epoch, .homes([learned], allOf: 0..<0)), from: node(1), at: at(4))
        #expect(region.openRoute(of: 0) == nil, "messages may still be in flight to the old home")
        _ = region.onMessage(.peer(.streamClosed(shard: 0, token: 1)), from: node(3), at: at(5))
        guard case .remote(node(1), version(3), _)? = open(&region)?.sending else {
            Issue.record("no route to the new home")
            return
        }
    }

    @Test("a returned delivery, a silent node, a removed node and a shutdown close the route to a node")
    func closing() {
        let members = (1...3).map { PlacementMember(node: node($0), upNumber: $0) }
        var silent = members
        silent[2].isSilent = true
        let events: [(String, (inout Region<String>) -> Void)] = [
            (
                "returned",
                {
                    _ = $0.onMessage(.peer(.notHome(self.delivery("a"), known: nil)), from: node(3), at: self.at(4))
                }
            ),
            ("silent", { _ = $0.onView(PlacementView(own: node(2), members: silent), at: self.at(4)) }),
            (
                "removed",
                { _ = $0.onView(PlacementView(own: node(2), members: Array(members.prefix(2))), at: self.at(4)) }
            ),
            ("shutdown", { _ = $0.onShutdown(at: self.at(4)) }),
        ]
        for (name, happens) in events {
            var region = sending()
            #expect(open(&region) != nil)
            happens(&region)
            #expect(region.takeClosedRoutes() == [0], "\(name)")
            #expect(region.openRoute(of: 0) == nil, "\(name)")
        }
    }

    @Test(
        "a shard that runs here is open to callers and arrivals; a lapsed lease, a handoff and a higher version close it"
    )
    func local() {
        let events: [(String, (inout Region<String>) -> Void)] = [
            ("lease", { _ = $0.onLease(validUntil: self.at(4), at: self.at(4)) }),
            (
                "handoff",
                {
                    _ = $0.onMessage(
                        .order(
                            self.epoch,
                            .handOff(
                                shard: 0, version: self.version(1), handoff: self.version(2),
                                participants: [node(1)])), from: node(1), at: self.at(4))
                }
            ),
            (
                "version",
                {
                    _ = $0.onMessage(
                        .order(self.epoch, .host([HostOrder(shard: 0, version: self.version(5))])),
                        from: node(1), at: self.at(4))
                }
            ),
            (
                "discarded",
                {
                    _ = $0.onMessage(
                        .order(self.epoch, .discard(VersionedShard(shard: 0, version: self.version(1)))),
                        from: node(1), at: self.at(4))
                }
            ),
        ]
        for (name, happens) in events {
            var region = hosting()
            #expect(open(&region) == ShardRoute(sending: .local, arrivals: version(1)))
            happens(&region)
            #expect(region.takeClosedRoutes() == [0], "\(name)")
        }
    }

    @Test("while a shard is handed off it takes what arrives, and its own callers wait")
    func draining() {
        var region = hosting()
        #expect(open(&region) != nil)
        let order = CoordinatorOrder.handOff(
            shard: 0, version: version(1), handoff: version(2), participants: [node(1)])
        _ = region.onMessage(.order(epoch, order), from: node(1), at: at(4))
        #expect(open(&region) == ShardRoute(sending: .none, arrivals: version(1)))
        // The marker of the last sender ends that too.
        _ = region.onMessage(
            .peer(.streamEnd(shard: 0, token: 1, handoff: version(2))), from: node(1), at: at(5))
        #expect(region.takeClosedRoutes() == [0])
        #expect(region.openRoute(of: 0) == nil)
    }

    @Test("nothing arrives at once while messages of the old home are waited for")
    func holding() {
        var region = hosting(holdFor: node(3))
        #expect(region.openRoute(of: 0) == nil)
        _ = region.onMessage(.peer(.transferred(shard: 0)), from: node(3), at: at(3))
        #expect(open(&region) == ShardRoute(sending: .local, arrivals: version(1)))
    }

    @Test("what an entity got over a route counts as its use")
    func uses() {
        var region = hosting(settings { $0.passivation = PassivationSettings(idle: .seconds(1)) })
        _ = region.onRoute("a", to: "e-1", at: at(10))
        _ = region.onRoute("b", to: "e-2", at: at(20))
        region.onUses([EntityUse(instance(1), count: 5, lastUsed: at(900))])
        #expect(region.entities(of: 0, limit: 9).map(\.handled) == [6, 1])
        #expect(region.status.hosted.map(\.handled) == [7])
        let effects = region.onWakeup(at: at(1100))
        #expect(effects.contains(.stop(instance(2, "e-2"), .afterMailbox)))
        #expect(!effects.contains(.stop(instance(1), .afterMailbox)))
        // A use of an incarnation that has ended counts for no other.
        region.onUses([EntityUse(instance(9), count: 5, lastUsed: at(1000))])
        #expect(region.entities(of: 0, limit: 9).map(\.handled) == [6, 1])
    }
}

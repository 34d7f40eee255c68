import CastyCore
import Testing

@testable import CastyPlacement

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }
private func epoch(_ upNumber: Int, _ start: Int) -> CoordinatorEpoch {
    CoordinatorEpoch(upNumber: upNumber, start: start)
}

/// n1 is a frontend, the backends are the others; a number is an up-number.
private func view(_ own: Int, _ backends: [(node: Int, number: Int)], removed: [Int] = []) -> PlacementView {
    let members = backends.map { PlacementMember(node: node($0.node), upNumber: $0.number, roles: ["backend"]) }
    return PlacementView(
        own: node(own), members: [PlacementMember(node: node(1), upNumber: 1)] + members, removed: removed.map(node))
}

@Suite("Epochs, and who may order")
struct EpochTests {
    private var settings: PlacementSettings {
        var settings = PlacementSettings()
        settings.shardCount = 1
        settings.role = "backend"
        return settings
    }

    /// The region of a frontend that has obeyed the coordinator on n3, in epoch 3.1.
    private func frontend() -> Region<String> {
        var region = Region<String>(own: node(1), settings: settings, isProxy: true)
        _ = region.onView(view(1, [(3, 3)]), at: at(0))
        let order = CoordinatorOrder.registered(number: 1, intents: Intents())
        _ = region.onMessage(.order(epoch(3, 1), order), from: node(3), at: at(1))
        #expect(region.epoch == epoch(3, 1))
        return region
    }

    @Test("what a coordinator ordered before it left starts nothing once the next one is known", arguments: [1, 2])
    func formerCoordinator(start: Int) {
        var region = Region<String>(own: node(2), settings: settings)
        let both = view(2, [(3, 3), (2, 5)])
        _ = region.onView(both, at: at(0))
        _ = region.onMessage(
            .order(epoch(3, 1), .registered(number: 1, intents: Intents())), from: node(3), at: at(1))
        _ = region.onCommand(.move(shard: 0, to: node(2).address), id: 4, at: at(50))
        let leaving = PlacementView(
            own: node(2),
            members: both.members.map { member in
                var member = member
                if member.node == node(3) { member.status = .leaving }
                return member
            })
        _ = region.onView(leaving, at: at(100))
        let version = ShardVersion(epoch: epoch(3, start), sequence: 1)
        let order = CoordinatorOrder.host([HostOrder(shard: 0, version: version, holdFor: nil)])
        let effects = region.onMessage(.order(epoch(3, start), order), from: node(3), at: at(110))
        #expect(effects.contains(.note(.refusedEpoch(epoch(3, start), from: node(3)))))
        #expect(region.shard(0) == nil)
        let answer = region.onMessage(
            .order(epoch(3, start), .answer(id: 4, .accepted(moves: 1))), from: node(3), at: at(120))
        #expect(answer == [.note(.answer(id: 4, .accepted(moves: 1)))])
    }

    @Test("a coordinator whose epoch was another's starts again above it, within one retry", arguments: [3, 2])
    func epochComesBack(number: Int) {
        var region = frontend()
        let after = view(1, [(9, number)], removed: [3])
        _ = region.onView(after, at: at(100))
        let order = CoordinatorOrder.registered(number: 2, intents: Intents())
        let refused = region.onMessage(.order(epoch(number, 1), order), from: node(9), at: at(110))
        #expect(
            refused == [
                .note(.refusedEpoch(epoch(number, 1), from: node(9))),
                .send(to: node(9), .request(.epochSeen(epoch(3, 1)))),
            ])
        var coordinator = ShardCoordinator(own: node(9), settings: settings)
        _ = coordinator.onView(view(9, [(9, number)]), at: at(100))
        #expect(coordinator.epoch == epoch(number, 1))
        let again = coordinator.onRequest(.epochSeen(epoch(3, 1)), from: node(1), at: at(120))
        #expect(
            again == [
                .note(.stopped(epoch(number, 1))), .note(.started(epoch(3, 2))),
                .send(to: node(9), epoch(3, 2), .announce),
            ])
        _ = region.onMessage(.order(epoch(3, 2), .announce), from: node(9), at: at(130))
        #expect(region.epoch == epoch(3, 2))
        // What is said twice changes nothing.
        #expect(coordinator.onRequest(.epochSeen(epoch(3, 1)), from: node(1), at: at(140)) == [])
    }

    @Test("a node without a lease does not begin to coordinate, though it finds itself the oldest")
    func beginsWithLease() {
        // It was frozen while all this happened: it has been removed itself, and the next coordinator is in epoch 4.1.
        var coordinator = ShardCoordinator(own: node(9), settings: settings)
        _ = coordinator.onLease(validUntil: at(3000), at: at(0))
        _ = coordinator.onView(view(9, [(6, 2), (9, 3), (7, 4)]), at: at(1))
        #expect(coordinator.onView(view(9, [(9, 3), (7, 4)], removed: [6]), at: at(9000)) == [])
        #expect(!coordinator.isActing)
        // Had it only been cut off for a moment, it would begin as soon as it has its lease again.
        let effects = coordinator.onLease(validUntil: at(12_100), at: at(9100))
        #expect(effects.first == .note(.started(epoch(3, 1))))
        #expect(coordinator.isActing)
    }

    @Test("a word about an epoch that no coordinator can have, or from a non-member, changes nothing")
    func impossibleEpochs() {
        var coordinator = ShardCoordinator(own: node(9), settings: settings)
        _ = coordinator.onView(view(9, [(9, 2)]), at: at(0))
        let started = coordinator.epoch
        for seen in [epoch(.max, .max), epoch(3, .max), epoch(.max, 1)] {
            _ = coordinator.onRequest(.epochSeen(seen), from: node(1), at: at(1))
        }
        _ = coordinator.onRequest(.epochSeen(epoch(3, 1)), from: node(77), at: at(2))
        #expect(coordinator.epoch == started)
    }

    @Test(
        "an order of a non-member, of a member without the role, of a younger one, or in another's epoch changes nothing"
    )
    func foreignOrders() {
        for (sender, claimed) in [
            (77, epoch(1 << 40, 1)), (77, epoch(4, 1)), (1, epoch(1, 9)), (4, epoch(5, 1)), (4, epoch(4, 1)),
        ] {
            var region = frontend()
            _ = region.onView(view(1, [(3, 3), (4, 4)]), at: at(50))
            let effects = region.onMessage(.order(claimed, .announce), from: node(sender), at: at(100))
            #expect(effects == [.note(.refusedEpoch(claimed, from: node(sender)))])
            #expect(region.epoch == epoch(3, 1))
            #expect(region.coordinator == node(3))
            // The coordinator is still obeyed.
            let home = ShardHome(shard: 0, node: node(3), version: ShardVersion(epoch: epoch(3, 1), sequence: 1))
            _ = region.onMessage(.order(epoch(3, 1), .homes([home], allOf: 0..<1)), from: node(3), at: at(101))
            #expect(region.home(of: 0) == node(3))
        }
    }

    private var hosting: Region<String> {
        var region = Region<String>(own: node(3), settings: settings)
        _ = region.onView(view(3, [(3, 3)]), at: at(0))
        _ = region.onMessage(
            .order(epoch(3, 1), .registered(number: 1, intents: Intents())), from: node(3), at: at(1))
        let order = HostOrder(shard: 0, version: ShardVersion(epoch: epoch(3, 1), sequence: 1))
        _ = region.onMessage(.order(epoch(3, 1), .host([order])), from: node(3), at: at(2))
        return region
    }

    private func delivery(_ payload: String) -> ShardingMessage<String> {
        .peer(
            .deliver(
                ShardDelivery(
                    shard: 0, entity: "e-1", version: ShardVersion(epoch: epoch(3, 1), sequence: 1), sequence: 1,
                    payload: payload)))
    }

    @Test("what a node says that is no member yet is taken, in order, when it is one")
    func unknownMember() {
        var region = hosting
        #expect(region.onMessage(delivery("a"), from: node(9), at: at(10)) == [])
        #expect(region.onMessage(delivery("b"), from: node(9), at: at(11)) == [])
        let effects = region.onView(view(3, [(3, 3), (9, 4)]), at: at(300))
        let instance = EntityInstance(entity: "e-1", shard: 0, number: 1)
        #expect(effects.suffix(2) == [.deliver("a", to: instance), .deliver("b", to: instance)])
    }

    @Test("orders from a non-member are refused, and their number bounded")
    func unknownNode() {
        var region = hosting
        for number in 0..<Region<String>.unknownLimit {
            #expect(region.onMessage(delivery("\(number)"), from: node(9), at: at(10)) == [])
        }
        #expect(
            region.onMessage(delivery("more"), from: node(9), at: at(10)) == [
                .lost("more", entity: "e-1", shard: 0, .notMember)
            ])
        let effects = region.onWakeup(at: at(2010))
        #expect(effects.count { if case .lost(_, _, _, .notMember) = $0 { true } else { false } } == 256)
        #expect(region.entities(of: 0, limit: 1).isEmpty)
    }
}

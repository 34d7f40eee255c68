import CastyCore
import Testing

@testable import CastyPlacement

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

private func view(_ members: [(Int, PlacementStatus)]) -> PlacementView {
    PlacementView(
        own: node(1), members: members.map { PlacementMember(node: node($0.0), upNumber: $0.0, status: $0.1) })
}

@Suite("Drained nodes, and members that are weakly up")
struct LastResortTests {
    /// A coordinator on n1 with these nodes registered, of which the drained ones were drained.
    private func coordinator(_ numbers: [Int], drained: [Int], mutations: PlacementMutations = []) -> ShardCoordinator {
        var settings = PlacementSettings()
        settings.shardCount = 2
        settings.mutations = mutations
        var coordinator = ShardCoordinator(own: node(1), settings: settings)
        _ = coordinator.onView(view(numbers.map { ($0, .up) }), at: at(0))
        for number in numbers {
            _ = coordinator.onRequest(
                .register(Registration(number: 1, shardCount: 2, accepts: true)), from: node(number), at: at(1))
        }
        for number in drained {
            _ = coordinator.onRequest(.command(id: 1, .drain(node(number).address)), from: node(1), at: at(2))
        }
        return coordinator
    }

    private func homes(_ effects: [CoordinatorEffect]) -> [UniqueAddress] {
        effects.compactMap { if case .note(.allocated(let home, _)) = $0 { home.node } else { nil } }
    }

    @Test("where all are drained, drained nodes host")
    func allDrained() {
        var coordinator = coordinator([1, 2], drained: [1, 2])
        let effects = coordinator.onRequest(.homes(of: [0, 1]), from: node(1), at: at(10))
        #expect(Set(homes(effects)) == [node(1), node(2)])
        #expect(coordinator.obstacle == nil)
    }

    @Test("where one is not drained, it hosts everything")
    func oneLeft() {
        var coordinator = coordinator([1, 2], drained: [1])
        let effects = coordinator.onRequest(.homes(of: [0, 1]), from: node(1), at: at(10))
        #expect(homes(effects) == [node(2), node(2)])
    }

    @Test("the last undrained node hands its shards to drained ones as it leaves")
    func lastLeaves() {
        var coordinator = coordinator([1, 2], drained: [1])
        let version = ShardVersion(epoch: coordinator.epoch, sequence: 0)
        _ = coordinator.onRequest(.homes(of: [0]), from: node(1), at: at(10))
        guard case .starting(let starting)? = coordinator.state(0) else {
            Issue.record("it was not allocated")
            return
        }
        #expect(starting.owner.version > version)
        _ = coordinator.onRequest(
            .started([VersionedShard(shard: 0, version: starting.owner.version)]), from: node(2), at: at(11))
        _ = coordinator.onRequest(.leave, from: node(2), at: at(12))
        let effects = coordinator.onView(view([(1, .up), (2, .leaving)]), at: at(13))
        let begun =
            effects + coordinator.onRequest(.leave, from: node(2), at: at(14))
        #expect(!begun.contains(.send(to: node(2), coordinator.epoch, .released)))
        guard case .handingOff? = coordinator.state(0) else {
            Issue.record("it stays: \(String(describing: coordinator.state(0)))")
            return
        }
    }

    @Test(
        "a shard that no node can host has a reason",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"))
    func reasons() {
        var coordinator = coordinator([1], drained: [], mutations: [.forbidsDrained])
        _ = coordinator.onRequest(
            .register(Registration(number: 2, shardCount: 2, accepts: false)), from: node(1), at: at(10))
        #expect(coordinator.obstacle == .allRefused)
        let unreachable = PlacementMember(node: node(1), upNumber: 1, isReachable: false)
        _ = coordinator.onView(PlacementView(own: node(1), members: [unreachable]), at: at(11))
        #expect(coordinator.obstacle == .allUnreachable)
    }

    @Test("a weakly-up member registers to ask, hosts nothing, and says so when it is up")
    func weaklyUp() {
        var settings = PlacementSettings()
        settings.shardCount = 2
        var region = Region<String>(own: node(4), settings: settings)
        func view(_ status: PlacementStatus, _ number: Int) -> PlacementView {
            PlacementView(
                own: node(4),
                members: [
                    PlacementMember(node: node(1), upNumber: 1),
                    PlacementMember(node: node(4), upNumber: number, status: status),
                ])
        }
        #expect(region.onView(view(.joining, 0), at: at(0)) == [])
        let asking = Registration(number: 1, shardCount: 2, accepts: false)
        #expect(region.onView(view(.weaklyUp, 0), at: at(1)) == [.send(to: node(1), .request(.register(asking)))])
        let epoch = CoordinatorEpoch(upNumber: 1, start: 1)
        _ = region.onMessage(
            .order(epoch, .registered(number: 1, intents: Intents())), from: node(1), at: at(2))
        let hosting = Registration(number: 2, shardCount: 2, accepts: true)
        #expect(region.onView(view(.up, 4), at: at(3)) == [.send(to: node(1), .request(.register(hosting)))])

        var coordinator = coordinator([1], drained: [])
        _ = coordinator.onView(view(.weaklyUp, 0), at: at(5))
        let answer = coordinator.onRequest(.register(asking), from: node(4), at: at(6))
        #expect(answer.contains(.send(to: node(4), epoch, .registered(number: 1, intents: Intents()))))
        _ = coordinator.onRequest(.homes(of: [0, 1]), from: node(4), at: at(7))
        #expect(coordinator.status(at: at(8)).regions.map(\.takesShards) == [true, false])
    }
}

import CastyCore
import Testing

@testable import CastyPlacement

private let epoch = CoordinatorEpoch(upNumber: 1, start: 1)

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

private func version(_ sequence: UInt64) -> ShardVersion { ShardVersion(epoch: epoch, sequence: sequence) }

private func settings(role: String? = nil, _ mutations: PlacementMutations = []) -> PlacementSettings {
    var settings = PlacementSettings()
    settings.shardCount = 1
    settings.role = role
    settings.mutations = mutations
    return settings
}

/// Members n1, n2, n3 as n2 sees them; n1 and n3 have the role.
private func view(
    _ first: PlacementStatus? = .up, _ third: PlacementStatus? = .up, silent: [Int] = []
) -> PlacementView {
    let statuses: [(Int, PlacementStatus?)] = [(1, first), (2, .up), (3, third)]
    return PlacementView(
        own: node(2),
        members: statuses.compactMap { number, status in
            status.map {
                PlacementMember(
                    node: node(number), upNumber: number, status: $0, isReachable: !silent.contains(number),
                    roles: number == 2 ? [] : ["backend"])
            }
        })
}

/// The region of n2, registered with the coordinator on n1.
private func registered(_ settings: PlacementSettings = settings()) -> Region<String> {
    var region = Region<String>(own: node(2), settings: settings, isProxy: settings.role != nil)
    _ = region.onView(view(), at: at(0))
    _ = region.onMessage(.order(epoch, .registered(number: 1, intents: Intents())), from: node(1), at: at(1))
    return region
}

/// The same, with the home of the shard on n3.
private func routed(_ settings: PlacementSettings = settings()) -> Region<String> {
    var region = registered(settings)
    let home = ShardHome(shard: 0, node: node(3), version: version(1))
    _ = region.onMessage(.order(epoch, .homes([home], allOf: 0..<1)), from: node(1), at: at(2))
    return region
}

private func delivery(
    _ payload: String, sequence: UInt64, asks: AskPatience? = nil, isRetry: Bool = false
) -> ShardDelivery<String> {
    ShardDelivery(
        shard: 0, entity: "e-1", version: version(1), sequence: sequence, isRetry: isRetry, asks: asks,
        payload: payload)
}

@Suite("Questions without a home")
struct AskingTests {
    private func refused(_ effects: Region<String>.Effects) -> [String: Unavailability] {
        var found: [String: Unavailability] = [:]
        for case .refused(let payload, _, _, let cause) in effects { found[payload] = cause }
        return found
    }

    private func sent(_ effects: Region<String>.Effects) -> [String] {
        effects.compactMap { if case .send(_, .peer(.deliver(let delivery))) = $0 { delivery.payload } else { nil } }
    }

    @Test("where no member has the role, questions fail with that cause, and those wait that want to; tells wait")
    func noRole() {
        var region = registered(settings(role: "backend"))
        _ = region.onRoute("reported", to: "e-1", at: at(10))
        for patience in AskPatience.allCases {
            #expect(refused(region.onRoute("\(patience)", to: "e-1", asks: patience, at: at(10))).isEmpty)
        }
        let effects = region.onView(view(.leaving, .down), at: at(20))
        let cause = Unavailability.noNodeWithRole("backend")
        #expect(refused(effects) == ["waitForNewHome": cause, "failFast": cause])
        #expect(effects.contains(.note(.unavailable(cause, formerHosts: [node(1), node(3)]))))
        #expect(region.status.buffered == 2)
        #expect(refused(region.onRoute("later", to: "e-1", asks: .waitForNewHome, at: at(30))) == ["later": cause])
        #expect(refused(region.onRoute("waits", to: "e-1", asks: .waitForNewNode, at: at(30))).isEmpty)
        #expect(region.trouble(at: at(30)) == cause)
        // One that joins is waited for.
        #expect(region.onView(view(nil, .joining), at: at(40)).contains(.note(.unavailable(nil, formerHosts: []))))
        #expect(refused(region.onRoute("hopes", to: "e-1", asks: .waitForNewHome, at: at(50))).isEmpty)
    }

    @Test("a node that is no member yet knows nothing, and its questions wait")
    func joiner() {
        var region = Region<String>(own: node(2), settings: settings(role: "backend"))
        let own = PlacementMember(node: node(2), upNumber: 0, status: .joining)
        _ = region.onView(PlacementView(own: node(2), members: [own]), at: at(0))
        #expect(region.onRoute("early", to: "e-1", asks: .waitForNewHome, at: at(1)) == [])
        #expect(region.status.buffered == 1)
    }

    @Test("what is lost because a buffer is full while no member can host is lost for that reason")
    func fullBuffer() {
        var settings = settings(role: "backend")
        settings.bufferLimit = 1
        var region = registered(settings)
        _ = region.onView(view(nil, nil), at: at(5))
        _ = region.onRoute("a", to: "e-1", at: at(10))
        #expect(region.onRoute("b", to: "e-1", at: at(10)) == [.lost("b", entity: "e-1", shard: 0, .noHome)])
    }

    @Test("nothing is sent to a home from which nothing is heard; it goes when that one is heard again, in order")
    func silentHome() {
        var region = routed()
        #expect(sent(region.onRoute("a", to: "e-1", at: at(10))) == ["a"])
        _ = region.onView(view(silent: [3]), at: at(20))
        #expect(region.onRoute("b", to: "e-1", at: at(21)) == [])
        #expect(region.onRoute("c", to: "e-1", asks: .waitForNewHome, at: at(22)) == [])
        #expect(
            region.onRoute("d", to: "e-1", asks: .failFast, at: at(23)) == [
                .refused("d", entity: "e-1", shard: 0, .nodeUnreachable(node(3).address))
            ])
        #expect(sent(region.onView(view(), at: at(30))) == ["b", "c"])
        #expect(sent(region.onRoute("e", to: "e-1", at: at(31))) == ["e"])
    }

    @Test("what waits for a silent home goes to the next one when the silent one is removed")
    func nextHome() {
        var region = routed()
        _ = region.onView(view(silent: [3]), at: at(20))
        _ = region.onRoute("a", to: "e-1", asks: .waitForNewHome, at: at(21))
        #expect(region.onView(view(.up, nil), at: at(30)).contains(.send(to: node(1), .request(.homes(of: [0])))))
        let home = ShardHome(shard: 0, node: node(1), version: version(2))
        #expect(
            sent(region.onMessage(.order(epoch, .homes([home], allOf: 0..<0)), from: node(1), at: at(40))) == ["a"])
    }

    @Test("what waits for a silent home is not sent there when that one and another are removed at once")
    func twoRemoved() {
        var region = routed()
        _ = region.onView(view(silent: [1, 3]), at: at(20))
        _ = region.onRoute("a", to: "e-1", at: at(21))
        #expect(sent(region.onView(view(nil, nil), at: at(30))) == [])
        #expect(region.status.buffered == 1)
    }

    @Test("a question that does not wait fails while its shard waits for a lease, and when the coordinator is silent")
    func failFast() {
        var region = registered()
        _ = region.onRoute("waits", to: "e-1", asks: .waitForNewHome, at: at(10))
        let asked = region.onRoute("hurries", to: "e-1", asks: .failFast, at: at(11))
        #expect(asked == [.send(to: node(1), .request(.homes(of: [0])))])
        let answer = CoordinatorOrder.homeless([HomelessShard(shard: 0, cause: .held)])
        #expect(
            refused(region.onMessage(.order(epoch, answer), from: node(1), at: at(12))) == ["hurries": .waitsForLease])
        #expect(region.homelessCause(of: 0) == .held)
        let none = CoordinatorOrder.homeless([HomelessShard(shard: 0, cause: .noHost)])
        #expect(refused(region.onMessage(.order(epoch, none), from: node(1), at: at(13))) == ["waits": .noHost])
        _ = region.onRoute("again", to: "e-1", asks: .failFast, at: at(14))
        #expect(
            refused(region.onView(view(silent: [1]), at: at(15))) == [
                "again": .coordinatorUnreachable(node(1).address)
            ])
        #expect(region.status.buffered == 0 && region.status.buffers.isEmpty)
    }

    @Test("a question that comes back is here again, and keeps its patience")
    func cameBack() {
        var region = routed()
        _ = region.onRoute("a", to: "e-1", asks: .waitForNewHome, at: at(10))
        let back = delivery("a", sequence: 1, asks: .waitForNewHome)
        let effects = region.onMessage(.peer(.notHome(back, known: nil)), from: node(3), at: at(20))
        #expect(effects.contains(.cameBack("a")))
        #expect(region.status.buffered == 1)
        // The stream to the first home closes; the question follows to the next.
        _ = region.onView(view(.up, nil), at: at(30))
        let home = ShardHome(shard: 0, node: node(1), version: version(2))
        let next = region.onMessage(.order(epoch, .homes([home], allOf: 0..<0)), from: node(1), at: at(40))
        var again = delivery("a", sequence: 1, asks: .waitForNewHome, isRetry: true)
        again.version = version(2)
        #expect(next.contains(.send(to: node(1), .peer(.deliver(again)))))
    }

    @Test("where the coordinator's node does not run the type, or counts other shards, questions fail for that")
    func notHosted() {
        var region = Region<String>(own: node(2), settings: settings())
        _ = region.onView(view(), at: at(0))
        _ = region.onRoute("hurries", to: "e-1", asks: .failFast, at: at(1))
        _ = region.onRoute("waits", to: "e-1", asks: .waitForNewNode, at: at(1))
        let cause = Unavailability.notHosted(by: node(1).address)
        #expect(
            refused(region.onMessage(.order(.none, .notHosted), from: node(1), at: at(2))) == ["hurries": cause])
        let late = at(2) + region.settings.notHostedBound
        #expect(refused(region.onMessage(.order(.none, .notHosted), from: node(1), at: late)) == ["waits": cause])
        #expect(refused(region.onRoute("later", to: "e-1", asks: .waitForNewHome, at: late)) == ["later": cause])

        var other = Region<String>(own: node(2), settings: settings())
        _ = other.onView(view(), at: at(0))
        _ = other.onRoute("a", to: "e-1", asks: .waitForNewHome, at: at(1))
        let refusal = CoordinatorOrder.registrationRefused(number: 1, shardCount: 12)
        #expect(
            refused(other.onMessage(.order(epoch, refusal), from: node(1), at: at(2))) == [
                "a": .shardCountDiffers(cluster: 12)
            ])
    }

    @Test(
        "with the bug switched on, questions wait for what cannot come",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"))
    func mutation() {
        var region = registered(settings(role: "backend", [.hidesFromAskers]))
        _ = region.onView(view(nil, nil), at: at(5))
        #expect(refused(region.onRoute("a", to: "e-1", asks: .failFast, at: at(10))).isEmpty)
    }

    @Test("a coordinator says which of the shards it was asked for have no home, and why")
    func coordinator() {
        var coordinator = ShardCoordinator(own: node(1), settings: settings())
        let members = [1, 2].map { PlacementMember(node: node($0), upNumber: $0) }
        _ = coordinator.onView(PlacementView(own: node(1), members: members), at: at(0))
        for number in 1...2 {
            let registration = Registration(number: 1, shardCount: 1, accepts: number == 2)
            _ = coordinator.onRequest(.register(registration), from: node(number), at: at(1))
        }
        let asked = coordinator.onRequest(.homes(of: [0]), from: node(1), at: at(2))
        #expect(!asked.contains { if case .send(_, _, .homeless) = $0 { true } else { false } })
        guard case .starting(let starting)? = coordinator.state(0) else {
            Issue.record("it was not allocated")
            return
        }
        let version = VersionedShard(shard: 0, version: starting.owner.version)
        let refused = coordinator.onRequest(.hostRefused([version]), from: node(2), at: at(3))
        #expect(refused.contains(.note(.unplaced(shards: [0], .allRefused))))
        let answer = { (cause: HomelessCause) in
            CoordinatorEffect.send(
                to: node(1), coordinator.epoch, .homeless([HomelessShard(shard: 0, cause: cause)]))
        }
        #expect(coordinator.onRequest(.homes(of: [0]), from: node(1), at: at(4)).contains(answer(.allRefused)))
        #expect(coordinator.status(at: at(4)).hindrance == .allRefused)
        // The only host is taken back, crashes, and its shard waits for its lease.
        _ = coordinator.onRequest(
            .register(Registration(number: 2, shardCount: 1, accepts: true)), from: node(2), at: at(5))
        _ = coordinator.onView(PlacementView(own: node(1), members: [members[0]]), at: at(6))
        #expect(coordinator.onRequest(.homes(of: [0]), from: node(1), at: at(7)).contains(answer(.held)))
    }
}

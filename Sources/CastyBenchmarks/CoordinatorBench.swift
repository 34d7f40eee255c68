import CastyCore
import CastyPlacement

/// Measures the time for one decision of a coordinator with many regions and shards, in the core alone.
struct CoordinatorBench {
    private static let regions = 100
    private static let shards = 10_000

    static var cases: [BenchCase] {
        [
            BenchCase(.shards, "a coordinator's decision, 100 regions × 10 k shards") { plan in
                _ = try decisions()
                let runs = try (0..<plan.runs).map { _ in try decisions() }
                func measurement(_ what: String, _ value: (Decisions) -> Double) -> Measurement {
                    Measurement(
                        name: "coordinator, 100 regions × 10 k shards: \(what)", unit: "ms",
                        runs: runs.map { value($0) * 1000 }, goal: .atMost(50))
                }
                return [
                    measurement("allocate all") { $0.allocation },
                    measurement("take over") { $0.recovery },
                    measurement("plan a round") { $0.round },
                    measurement("a member removed") { $0.removal },
                    measurement("its shards allocated") { $0.reallocation },
                ]
            }
        ]
    }

    /// The time of each decision, in seconds.
    private struct Decisions {
        var allocation = 0.0
        /// The last region reports its shards, and the new coordinator takes over.
        var recovery = 0.0
        var round = 0.0
        var removal = 0.0
        var reallocation = 0.0
    }

    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(
            address: NodeAddress(host: "10.0.\(number / 250).\(number % 250 + 1)", port: 25_520),
            incarnation: UInt64(number))
    }

    private static func view(_ numbers: some Sequence<Int>) -> PlacementView {
        PlacementView(own: node(1), members: numbers.map { PlacementMember(node: node($0), upNumber: $0) })
    }

    private static func decisions() throws -> Decisions {
        var settings = PlacementSettings()
        settings.shardCount = shards
        var now = Instant.start
        var result = Decisions()
        var coordinator = ShardCoordinator(own: node(1), settings: settings)
        _ = coordinator.onView(view(1...regions), at: now)
        for number in 1...regions { _ = register(number, [], with: &coordinator, at: now) }
        let allocation = Stopwatch()
        let allocated = coordinator.onRequest(.homes(of: Array(0..<shards)), from: node(1), at: now)
        result.allocation = allocation.seconds
        let homes = try start(allocated, &coordinator, at: now)
        guard homes.joined().count == shards else { throw BenchError("not all shards have a home") }

        // A second coordinator rebuilds the same state from the regions' reports.
        var successor = ShardCoordinator(own: node(1), settings: settings)
        _ = successor.onView(view(1...(regions + 1)), at: now)
        for number in 1..<regions { _ = register(number, homes[number], with: &successor, at: now) }
        _ = register(regions + 1, [], with: &successor, at: now)
        let recovery = Stopwatch()
        _ = register(regions, homes[regions], with: &successor, at: now)
        result.recovery = recovery.seconds

        // The hundred-and-first region has no shards yet.
        now = now + settings.rebalanceInterval
        let round = Stopwatch()
        let planned = successor.onWakeup(at: now)
        result.round = round.seconds
        guard planned.contains(where: { if case .note(.roundPlanned) = $0 { true } else { false } }) else {
            throw BenchError("no round was planned")
        }

        let removal = Stopwatch()
        _ = coordinator.onView(view(1..<regions), at: now)
        result.removal = removal.seconds
        now = now + settings.removalMargin
        let reallocation = Stopwatch()
        let moved = coordinator.onWakeup(at: now)
        result.reallocation = reallocation.seconds
        guard try start(moved, &coordinator, at: now).joined().count == homes[regions].count else {
            throw BenchError("not all shards of the removed member have a new home")
        }
        return result
    }

    private static func register(
        _ number: Int, _ hosted: [HostedShard], with coordinator: inout ShardCoordinator, at now: Instant
    ) -> [CoordinatorEffect] {
        let registration = Registration(number: 1, shardCount: shards, accepts: true, hosted: hosted)
        return coordinator.onRequest(.register(registration), from: node(number), at: now)
    }

    /// Makes every region start its allocated shards; returns the shards of each region, by its number.
    private static func start(
        _ effects: [CoordinatorEffect], _ coordinator: inout ShardCoordinator, at now: Instant
    ) throws -> [[HostedShard]] {
        let numbers = Dictionary(uniqueKeysWithValues: (1...(regions + 1)).map { (node($0), $0) })
        var homes = [[HostedShard]](repeating: [], count: regions + 2)
        for case .send(let region, _, .host(let orders)) in effects {
            guard let number = numbers[region] else { throw BenchError("an order to an unknown region") }
            homes[number] += orders.map { HostedShard(shard: $0.shard, version: $0.version) }
            let started = orders.map { VersionedShard(shard: $0.shard, version: $0.version) }
            _ = coordinator.onRequest(.started(started), from: region, at: now)
        }
        return homes
    }
}

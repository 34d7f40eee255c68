import CastyConsole
import CastyCore
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed

/// What a future is compared by: how it was at the begin, and what has changed since.
struct Prospect {
    private let begin: Instant
    private let events: Int
    private let losses: [EnvelopeLoss: Int]
    private let violations: Int
    private let homes: [Shard: String]
    private let entities: Int
    private var unserved: (from: Instant, seen: String)?
    private var service = FutureOutcome.Service.uninterrupted
    private var convergedSince: Instant?

    private struct Shard: Hashable {
        let type: String
        let number: Int
    }

    init(_ testbed: TestCluster, _ player: ScenarioPlayer) {
        begin = testbed.now
        events = testbed.recorder.count
        losses = testbed.tracker.lossesByReason
        violations = player.violations
        let snapshot = testbed.snapshot
        homes = Self.homes(snapshot)
        entities = Self.entities(snapshot)
    }

    /// Takes in a time.
    mutating func look(_ testbed: TestCluster) {
        let now = testbed.now
        switch testbed.balance(by: .max) {
        case .even, .noShards:
            guard let gap = unserved else { break }
            unserved = nil
            // From the first interruption to the last one.
            if case .interrupted(let from, _) = service {
                service = .interrupted(from: from, to: now)
            } else {
                service = .interrupted(from: gap.from, to: now)
            }
        case .uneven(let seen), .noHosts(let seen): unserved = (unserved?.from ?? now, seen)
        }
        let agrees = testbed.evaluate(Expect(.converged)).isMet
        convergedSince = agrees ? convergedSince ?? now : nil
    }

    func outcome(_ testbed: TestCluster, _ player: ScenarioPlayer) -> FutureOutcome {
        let snapshot = testbed.snapshot
        let running = snapshot.nodes.filter { $0.state == .running }
        var outcome = FutureOutcome()
        outcome.up = running.filter { node in
            node.membership.members.contains { $0.node == node.node && $0.status == .up }
        }.map(\.name)
        let cut = Set(running.flatMap(\.membership.members).filter(\.unreachable).map(\.name))
        outcome.unreachable = snapshot.nodes.map(\.name).filter(cut.contains)
        outcome.gone = snapshot.nodes.filter { $0.state != .running }.map { "\($0.name) \($0.state.rawValue)" }
        let since = testbed.recorder.events(from: events)
        outcome.downed = Self.first(.memberDown, in: since)
        outcome.removed = Self.first(.memberRemoved, in: since)
        outcome.losses = testbed.tracker.lossesByReason.map { reason, count in
            FutureOutcome.Loss(reason: reason.word, count: count - (losses[reason] ?? 0))
        }.filter { $0.count > 0 }.sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        outcome.entitiesBefore = entities
        outcome.entitiesAfter = Self.entities(snapshot)
        outcome.service = unserved.map { .ended(since: $0.from, $0.seen) } ?? service
        outcome.moved =
            Self.homes(snapshot).filter { homes[$0.key].map { [now = $0.value] in $0 != now } ?? false }.count
        let names = { (ids: [UniqueAddress]) in
            snapshot.nodes.filter { ids.contains($0.node) }.map(\.name)
        }
        outcome.leaders = names(running.compactMap(\.membership.leader))
        outcome.coordinators = names(running.flatMap(\.sharding).compactMap(\.coordinator))
        outcome.convergedSince = convergedSince
        outcome.violations = player.violations - violations
        (outcome.events, outcome.digest) = (testbed.recorder.count, testbed.recorder.digest)
        return outcome
    }

    /// The nodes to which an event happened, each with the first time, in the order of these.
    private static func first(_ kind: EventKind, in events: [RuntimeEvent]) -> [FutureOutcome.Moment] {
        var moments: [FutureOutcome.Moment] = []
        for event in events where event.kind == kind {
            let node = event.subject ?? event.node
            if !moments.contains(where: { $0.node == node }) { moments.append(.init(node: node, time: event.time)) }
        }
        return moments
    }

    private static func homes(_ snapshot: ClusterSnapshot) -> [Shard: String] {
        var homes: [Shard: String] = [:]
        for node in snapshot.nodes where node.state == .running {
            for region in node.sharding {
                for shard in region.shards where shard.state == .running {
                    homes[Shard(type: region.type, number: shard.shard)] = node.name
                }
            }
        }
        return homes
    }

    private static func entities(_ snapshot: ClusterSnapshot) -> Int {
        snapshot.nodes.filter { $0.state == .running }.flatMap(\.sharding).flatMap(\.shards)
            .reduce(0) { $0 + $1.entityCount }
    }
}

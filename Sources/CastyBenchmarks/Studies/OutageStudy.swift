import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
package import CastyScenario
import CastySimulator
import CastyTestbed
import Synchronization

/// What a crash costs with a preset, in a cluster of a size: until all survivors have noticed it, until all have removed
/// the node, and until the keys that it held answer again.
package struct OutageStudy: Hashable, Sendable {
    /// A crash noticed by all survivors: it is unreachable in the view of each.
    package var noticed: Duration
    /// The node is removed from the view of each.
    package var removed: Duration
    /// An entity of each shard that it held has answered one of the survivors, which asks again as soon as it learns
    /// that there is no answer.
    package var answering: Duration

    /// How many keys are asked: one for each of that many shards of the dead node.
    private static let keys = 4
    /// A survivor asks for no longer than this before it asks again.
    private static let patience = Duration.seconds(2)

    /// Crashes a node that holds shards, at a time that follows from the seed.
    package static func run(_ preset: Preset, nodes: Int, seed: UInt64) throws -> OutageStudy {
        let world = SimulatedClusterWorld(seed: seed)
        var settings = TestClusterSettings(preset: preset)
        settings.samples = [.account]
        settings.shards = max(Scenario.defaultShards, nodes * 2)
        let trial = MembershipTrial(world: world, settings: settings)
        defer { trial.end() }
        _ = try trial.form(nodes)
        var generator = SeededGenerator(seed: seed).fork("outage")
        let outage = Outage(trial, preset: preset, nodes: nodes, seed: seed)
        let (victim, entities) = try outage.settle(keys: keys, &generator)
        trial.pass(settings.membership.heartbeat * 4 + .microseconds(Int64(generator.below(2_000_000))))
        return try outage.inject(victim, entities, patience: patience)
    }
}

/// One crash of a study.
private final class Outage {
    private let trial: MembershipTrial
    private let name: String
    private let shards: Int

    init(_ trial: MembershipTrial, preset: Preset, nodes: Int, seed: UInt64) {
        self.trial = trial
        name = "\(preset.rawValue), \(nodes) nodes, seed \(seed)"
        shards = trial.testbed.settings.shards
    }

    /// Wakes an entity in every shard, waits until all have answered, and chooses a node.
    ///
    /// - Returns: The node, and an entity of some of its shards.
    func settle(keys: Int, _ generator: inout SeededGenerator) throws -> (victim: Int, entities: [String]) {
        var entities = [String?](repeating: nil, count: shards)
        var number = 0
        while entities.contains(nil) {
            number += 1
            let entity = "account-\(number)"
            let shard = ShardingOracle.shard(of: entity, count: shards)
            if entities[shard] == nil { entities[shard] = entity }
        }
        let all = entities.compactMap(\.self)
        for entity in all { try trial.testbed.tell(entity, "deposit 1") }
        let watch = trial.testbed.watch
        func key(_ shard: Int) -> ShardKey { ShardKey(type: SampleEntity.account.rawValue, shard: shard) }
        guard
            trial.wait(
                .seconds(90), grain: .milliseconds(50), until: { (0..<shards).allSatisfy { watch.isRunning(key($0)) } })
                != nil
        else { throw TestClusterError("\(name): not all shards run") }
        // The balance comes to rest: what moves when the node dies is another measurement.
        trial.pass(.seconds(20))
        let hosts = trial.testbed.running.filter { !watch.shards(on: $0.system.unique).isEmpty }
        let victim = hosts[generator.below(hosts.count)]
        let held = watch.shards(on: victim.system.unique).prefix(keys).map { all[$0.shard] }
        return (victim.number, held)
    }

    func inject(_ victim: Int, _ entities: [String], patience: Duration) throws -> OutageStudy {
        let testbed = trial.testbed
        let node = try testbed.node(victim).system.unique
        let start = trial.now
        try testbed.kill(victim)
        let survivors = testbed.running
        var noticed: Instant?
        var removed: Instant?
        var keys = entities.map { Key($0) }
        let asker = survivors[survivors.count / 2].number
        let limit = start + .seconds(180)
        while noticed == nil || removed == nil || keys.contains(where: { $0.answeredAt == nil }) {
            guard trial.now < limit else {
                throw TestClusterError(
                    "\(name): n\(victim) died, and after 3 minutes \(describe(noticed, removed, keys))")
            }
            trial.pass(.milliseconds(10))
            let now = trial.now
            if noticed == nil, survivors.allSatisfy({ isGone(node, to: $0) }) { noticed = now }
            if removed == nil, survivors.allSatisfy({ $0.cluster.state.member(node) == nil }) { removed = now }
            for index in keys.indices { try keys[index].proceed(testbed, via: asker, within: patience, at: now) }
        }
        let answered = keys.compactMap(\.answeredAt).max() ?? start
        return OutageStudy(
            noticed: (noticed ?? start) - start, removed: (removed ?? start) - start, answering: answered - start)
    }

    private func isGone(_ node: UniqueAddress, to survivor: TestNode) -> Bool {
        let state = survivor.cluster.state
        return state.unreachable.contains(node) || state.member(node).map { $0.status == .down } ?? true
    }

    private func describe(_ noticed: Instant?, _ removed: Instant?, _ keys: [Key]) -> String {
        if noticed == nil { return "not all have noticed" }
        if removed == nil { return "not all have removed it" }
        return "\(keys.count { $0.answeredAt == nil }) keys do not answer"
    }
}

/// A key that is asked until it answers.
private struct Key {
    private enum Answer { case none, failed, answered }

    private let entity: String
    private let latest = Latest()
    private var isAsking = false
    private(set) var answeredAt: Instant?

    private final class Latest: Sendable {
        let answer = Mutex(Answer.none)
    }

    init(_ entity: String) { self.entity = entity }

    mutating func proceed(_ testbed: TestCluster, via asker: Int, within patience: Duration, at now: Instant) throws {
        guard answeredAt == nil else { return }
        if isAsking {
            switch latest.answer.withLock({ $0 }) {
            case .none: return
            case .failed: isAsking = false
            case .answered:
                answeredAt = now
                return
            }
        }
        isAsking = true
        let latest = latest
        latest.answer.withLock { $0 = .none }
        try testbed.ask(entity, "balance", via: asker, within: patience) { result in
            latest.answer.withLock { answer in
                switch result {
                case .success: answer = .answered
                case .failure: answer = .failed
                }
            }
        }
    }
}

package import CastyCore
import CastyPlacement
import CastyScenario
import CastySharding
import Synchronization

/// Hears of everything that regions and coordinators do, at the moment when they do it, and holds it against the rules of sharding.
package final class ShardingWatch: Sendable {
    private struct State {
        var truth = ShardingTruth()
        var checkers: [any ShardingChecker] = []
        var violations: [Violation] = []
        var evidence = ShardingEvidence()
    }

    private let state = Mutex(State())

    package init(shards: Int, checkers: [any ShardingChecker]) {
        state.withLock { state in
            state.truth.shardCount = shards
            state.checkers = checkers
        }
    }

    /// A new incarnation of a node.
    func add(_ node: UniqueAddress, name: String, hasLease: @escaping @Sendable () -> Bool) {
        state.withLock { $0.truth.add(node, .init(name: name, hasLease: hasLease)) }
    }

    /// An incarnation hangs, or goes on.
    func freeze(_ node: UniqueAddress, _ isFrozen: Bool) { state.withLock { $0.truth.freeze(node, isFrozen) } }

    /// An incarnation is dead.
    ///
    /// - Parameter isCrash: It could tell nobody.
    func end(_ node: UniqueAddress, isCrash: Bool = false) {
        state.withLock { $0.truth.end(node, isCrash: isCrash) }
    }

    /// A node sees that an incarnation was removed.
    func removed(_ subject: UniqueAddress, seenBy observer: UniqueAddress, at now: Instant) {
        state.withLock { $0.truth.remove(subject, seenBy: observer, at: now) }
    }

    /// A region or a coordinator has done something.
    func note(_ fact: ShardingFact) {
        state.withLock { state in
            for index in state.checkers.indices {
                state.violations += state.checkers[index].note(fact, in: state.truth)
            }
            state.evidence.note(fact)
            state.truth.apply(fact)
        }
    }

    /// An instance of an entity handles a message.
    ///
    /// S1, strictly: one that is stale breaks the rule if it acts once, whether or not the next one has acted yet.
    func handled(_ entity: EntityContext, on name: String, at now: Instant) {
        state.withLock { state in
            let key = ShardKey(type: entity.type, shard: entity.shard)
            func object(_ text: String) {
                state.violations.append(Violation(id: "S1", subject: name, entity: entity.id, text: text))
            }
            if let grant = state.truth.successor(of: entity.node, for: key) {
                object(
                    "it acts at \(now), and its shard was given to \(state.truth.name(grant.home.node)) as \(grant.home.version) at \(grant.at)"
                )
            } else if let newest = state.truth.newest[entity.id], newest.node != entity.node {
                object("it acts at \(now), and a later instance has started on \(state.truth.name(newest.node))")
            }
        }
    }

    /// A message for an entity enters.
    func entered(_ entity: String, type: String) {
        state.withLock { state in
            let shard = ShardingTruth.shard(of: entity, count: state.truth.shardCount)
            state.evidence.entered(ShardKey(type: type, shard: shard))
        }
    }

    /// Whether a node, by name, may write the state of an entity: its shard was not given to another one since it runs there.
    func isEntitled(_ name: String, to entity: String) -> Bool {
        state.withLock { state in
            let key = ShardKey(
                type: EntityName.type(of: entity),
                shard: ShardingTruth.shard(of: entity, count: state.truth.shardCount))
            guard let grant = state.truth.grants[key], state.truth.name(grant.home.node) != name else { return true }
            let node = state.truth.runs[key]?.keys.first { state.truth.name($0) == name }
            return node.map { state.truth.successor(of: $0, for: key) == nil } ?? false
        }
    }

    /// What went against the rules, up to now.
    package func look(at now: Instant, isCalm: Bool) -> [Violation] {
        state.withLock { state in
            for index in state.checkers.indices {
                state.violations += state.checkers[index].look(at: now, isCalm: isCalm, in: state.truth)
            }
            return state.violations
        }
    }

    /// The shards that run on an incarnation.
    package func shards(on node: UniqueAddress) -> [ShardKey] {
        state.withLock { state in
            state.truth.runs.filter { $0.value[node] != nil }.map(\.key).sorted {
                ($0.type, $0.shard) < ($1.type, $1.shard)
            }
        }
    }

    /// Whether a shard runs on a node that may act.
    package func isRunning(_ key: ShardKey) -> Bool { state.withLock { !$0.truth.actors(of: key).isEmpty } }

    /// Whether an incarnation has neither crashed nor ended.
    package func isAlive(_ node: UniqueAddress) -> Bool { state.withLock { $0.truth.isAlive(node) } }

    /// The rule that a lost envelope breaks: S7 if its entity went to sleep meanwhile, S6 if its shard moved, else S4.
    package func rule(for entity: String, since entered: Instant) -> String {
        state.withLock { state in
            if let slept = state.truth.passivations[entity], slept >= entered { return "S7" }
            let type = EntityName.type(of: entity)
            let moved = state.truth.moves.contains { key, time in
                key.type == type && time >= entered - .seconds(15)
                    && ShardingTruth.shard(of: entity, count: state.truth.shardCount) == key.shard
            }
            return moved ? "S6" : "S4"
        }
    }

    /// What there was to be checked.
    package var evidence: ShardingEvidence { state.withLock { $0.evidence } }
}

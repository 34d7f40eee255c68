package import CastyCore
import CastyPlacement
import CastyScenario
import CastySharding
import Synchronization

/// Receives every action of regions and coordinators when it happens, and checks it against the rules of sharding.
package final class ShardingWatch: Sendable {
    private struct State {
        var oracle = ShardingOracle()
        var checkers: [any ShardingChecker] = []
        var violations: [Violation] = []
        var evidence = ShardingEvidence()
    }

    private let state = Mutex(State())

    package init(shards: Int, checkers: [any ShardingChecker]) {
        state.withLock { state in
            state.oracle.shardCount = shards
            state.checkers = checkers
        }
    }

    /// Adds a new incarnation of a node.
    ///
    /// - Parameter lease: Until when its lease is valid, and the time, both by its own clock.
    func add(
        _ node: UniqueAddress, name: String, lease: @escaping @Sendable () -> (until: Instant, now: Instant)
    ) {
        state.withLock { $0.oracle.add(node, .init(name: name, lease: lease)) }
    }

    /// Records that an incarnation freezes or thaws.
    func freeze(_ node: UniqueAddress, _ isFrozen: Bool) { state.withLock { $0.oracle.freeze(node, isFrozen) } }

    /// Records that an incarnation is dead.
    ///
    /// - Parameter isCrash: Whether it ended without being able to notify any node.
    func end(_ node: UniqueAddress, isCrash: Bool = false) {
        state.withLock { $0.oracle.end(node, isCrash: isCrash) }
    }

    /// Records and checks an action of a region or coordinator.
    func note(_ fact: ShardingFact) {
        state.withLock { state in
            for index in state.checkers.indices {
                state.violations += state.checkers[index].note(fact, in: state.oracle)
            }
            state.evidence.note(fact)
            state.oracle.apply(fact)
        }
    }

    /// Checks that an entity instance may handle a message.
    ///
    /// This is the strict form of S1: a stale instance breaks the rule with its first action, whether or not its
    /// successor has acted.
    func handled(_ entity: EntityContext, on name: String, at now: Instant) {
        state.withLock { state in
            let key = ShardKey(type: entity.type, shard: entity.shard)
            func object(_ text: String) {
                state.violations.append(Violation(id: "S1", subject: name, entity: entity.id, text: text))
            }
            if let grant = state.oracle.successor(of: entity.node, for: key) {
                object(
                    "it acts at \(now), and its shard was given to \(state.oracle.name(grant.home.node)) as \(grant.home.version) at \(grant.at)"
                )
            } else if let newest = state.oracle.newest[entity.id], newest.node != entity.node {
                object("it acts at \(now), and a later instance has started on \(state.oracle.name(newest.node))")
            }
        }
    }

    /// Records that a message for an entity enters.
    func entered(_ entity: String, type: String) {
        state.withLock { state in
            let shard = ShardingOracle.shard(of: entity, count: state.oracle.shardCount)
            state.evidence.entered(ShardKey(type: type, shard: shard))
        }
    }

    /// Whether a node, by name, may write an entity's state: no later allocation gave its shard to another node.
    func isEntitled(_ name: String, to entity: String) -> Bool {
        state.withLock { state in
            let key = ShardKey(
                type: EntityName.type(of: entity),
                shard: ShardingOracle.shard(of: entity, count: state.oracle.shardCount))
            guard let grant = state.oracle.grants[key], state.oracle.name(grant.home.node) != name else { return true }
            let node = state.oracle.runs[key]?.keys.first { state.oracle.name($0) == name }
            return node.map { state.oracle.successor(of: $0, for: key) == nil } ?? false
        }
    }

    /// The violations up to now.
    package func look(at now: Instant, isCalm: Bool) -> [Violation] {
        state.withLock { state in
            for index in state.checkers.indices {
                state.violations += state.checkers[index].look(at: now, isCalm: isCalm, in: state.oracle)
            }
            return state.violations
        }
    }

    /// The shards that run on an incarnation.
    package func shards(on node: UniqueAddress) -> [ShardKey] {
        state.withLock { state in
            state.oracle.runs.filter { $0.value[node] != nil }.map(\.key).sorted {
                ($0.type, $0.shard) < ($1.type, $1.shard)
            }
        }
    }

    /// Whether a shard runs on a node that may act.
    package func isRunning(_ key: ShardKey) -> Bool { state.withLock { !$0.oracle.actors(of: key).isEmpty } }

    /// Whether an incarnation has neither crashed nor ended.
    package func isAlive(_ node: UniqueAddress) -> Bool { state.withLock { $0.oracle.isAlive(node) } }

    /// The rule that a lost envelope breaks: S7 if its entity was passivated meanwhile, S6 if its shard moved, else S4.
    package func rule(for entity: String, since entered: Instant) -> String {
        state.withLock { state in
            if let slept = state.oracle.passivations[entity], slept >= entered { return "S7" }
            let type = EntityName.type(of: entity)
            let moved = state.oracle.moves.contains { key, time in
                key.type == type && time >= entered - .seconds(15)
                    && ShardingOracle.shard(of: entity, count: state.oracle.shardCount) == key.shard
            }
            return moved ? "S6" : "S4"
        }
    }

    /// The counts of the occasions to check the rules.
    package var evidence: ShardingEvidence { state.withLock { $0.evidence } }
}

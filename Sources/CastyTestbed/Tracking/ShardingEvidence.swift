package import CastyCore
import CastyPlacement
import CastySharding

/// Counts the occasions to check each rule: a rule about handoffs says nothing about a run without one.
package struct ShardingEvidence: Hashable, Sendable {
    package var entities = 0
    package var allocations = 0
    package var handoffs = 0
    package var handoffsDone = 0
    package var handoffsTimedOut = 0
    package var moves = 0
    package var coordinatorStarts = 0
    package var recoveries = 0
    package var passivations = 0
    package var rounds = 0
    package var fences = 0
    /// Allocations of shards that had been allocated before.
    package var reallocations = 0
    /// Entities that restarted after passivation.
    package var wakes = 0
    /// Messages that entered while their shard was moving.
    package var messagesInHandoff = 0
    private var allocated: Set<ShardKey> = []
    private var asleep: Set<String> = []
    private var moving: Set<ShardKey> = []
    /// The most concurrent handoffs of one type under one coordinator.
    package var mostInFlight = 0
    private var inFlight: [String: Int] = [:]
    /// Handoffs begun, by reason.
    package var handoffsByReason: [MoveReason: Int] = [:]

    package init() {}

    package mutating func note(_ fact: ShardingFact) {
        switch fact.note {
        case .coordinator(.allocated(let home, _)):
            allocations += 1
            if !allocated.insert(ShardKey(type: fact.type, shard: home.shard)).inserted { reallocations += 1 }
        case .coordinator(.handoffBegun(let shard, _, _, let reason)):
            moving.insert(ShardKey(type: fact.type, shard: shard))
            handoffs += 1
            handoffsByReason[reason, default: 0] += 1
            inFlight[fact.type, default: 0] += 1
            mostInFlight = max(mostInFlight, inFlight[fact.type] ?? 0)
        case .coordinator(.handoffEnded(let shard, _, let outcome)):
            moving.remove(ShardKey(type: fact.type, shard: shard))
            inFlight[fact.type, default: 0] -= 1
            switch outcome {
            case .done: handoffsDone += 1
            case .timedOut: handoffsTimedOut += 1
            case .ownerRemoved: break
            }
        case .coordinator(.stopped): inFlight[fact.type] = 0
        case .coordinator(.moved): moves += 1
        case .coordinator(.recovered(_, let homes)): recoveries += homes > 0 ? 1 : 0
        case .coordinator(.started): coordinatorStarts += 1
        case .coordinator(.roundPlanned): rounds += 1
        case .region(.entityStarted(let instance)):
            entities += 1
            if asleep.remove(instance.entity) != nil { wakes += 1 }
        case .region(.entityPassivated(let instance)):
            passivations += 1
            asleep.insert(instance.entity)
        case .region(.fenced): fences += 1
        case .coordinator, .region: break
        }
    }

    /// Records that a message for an entity of a shard enters.
    package mutating func entered(_ key: ShardKey) { if moving.contains(key) { messagesInHandoff += 1 } }

    /// The rules for regions, coordinators and the envelope tracker.
    package static let ids = ["S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S9", "S12", "S14"]

    /// The rules that had something to check.
    package var exercised: Set<String> {
        let facts: [(Bool, [String])] = [
            (entities > 0, ["S0"]), (reallocations > 0, ["S2"]), (coordinatorStarts > 1, ["S3"]),
            (recoveries > 0, ["S9"]), (messagesInHandoff > 0, ["S6"]), (handoffs > 0, ["S14"]), (wakes > 0, ["S7"]),
        ]
        return Set(facts.filter(\.0).flatMap(\.1))
    }
}

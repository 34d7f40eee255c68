import CastyActors
import CastyInspection
import CastyPrimitives

/// One rule that must hold at every moment.
protocol InvariantChecker {
    /// What goes against it at a moment; each thing may be told again and again.
    mutating func check(_ moment: LabMoment) -> [Violation]
}

/// All nodes at one moment.
struct LabMoment {
    let time: Instant
    /// The newest incarnation of each node that runs or hangs: not those that are gone.
    let views: [NodeSnapshot]
    /// Every incarnation there has ever been.
    let incarnations: [UniqueAddress]
    /// By type: the entities that the store remembers.
    let remembered: [String: [String]]

    init(
        time: Instant, views: [NodeSnapshot], incarnations: [UniqueAddress], remembered: [String: [String]] = [:]
    ) {
        self.time = time
        self.views = views
        self.incarnations = incarnations
        self.remembered = remembered
    }

    init(_ laboratory: Laboratory) {
        let newest = laboratory.numbers.compactMap { laboratory.nodes[$0] }
        self.init(
            time: laboratory.now,
            views: newest.filter { $0.state == .running || $0.state == .frozen }.map(\.snapshot),
            incarnations: (laboratory.former + newest).map(\.system.unique),
            remembered: [SampleEntity.account.rawValue: laboratory.rememberedAccounts])
    }
}

/// Holds a laboratory against the invariants, again and again.
package struct InvariantChecks {
    /// Whether views are compared while time passes; that makes sense only where all of them are of one instant.
    private let comparesViews: Bool
    private var next = Instant.start
    private var reported = 0
    private var told: Set<String> = []
    private var watched = 0
    private var liveness = ShardingLiveness()
    private var checkers: [any InvariantChecker] = [
        UniqueIdentities(), StatusOrder(), GrowingClocks(), EqualVersionsEqualViews(), NoSelfSuspicion(), GrowingPhi(),
        OneOwner(), OneCoordinator(), EntitiesAtHome(), RememberedEntities(),
    ]

    package init(comparesViews: Bool) { self.comparesViews = comparesViews }

    /// Looks at the laboratory, if it is time to: every 100 ms.
    package mutating func look(_ laboratory: Laboratory) -> [Violation] {
        guard laboratory.now >= next else { return [] }
        next = laboratory.now + .milliseconds(100)
        return compared(laboratory) + tracked(laboratory)
    }

    /// Looks at the laboratory when all is done: every envelope must have come to an end, where nothing holds it up.
    package mutating func finish(_ laboratory: Laboratory) -> [Violation] {
        var found = compared(laboratory) + tracked(laboratory)
        if comparesViews { found += liveness.finish(laboratory) }
        let isFree = laboratory.cuts.isEmpty && !laboratory.nodes.values.contains { $0.state == .frozen }
        if isFree, let oldest = laboratory.tracker.oldestPending() {
            found.append(
                Violation(
                    id: laboratory.watch.rule(for: oldest.entity, since: oldest.entered), entity: oldest.entity,
                    text:
                        "\(laboratory.tracker.pending) envelopes were neither handled nor lost, the oldest: \(oldest.place)"
                ))
        }
        return found
    }

    private mutating func compared(_ laboratory: Laboratory) -> [Violation] {
        guard comparesViews else { return [] }
        let moment = LabMoment(laboratory)
        var found: [Violation] = []
        for index in checkers.indices { found += checkers[index].check(moment) }
        found += liveness.check(laboratory, moment)
        return found.filter { told.insert("\($0.id) \($0.subject ?? "") \($0.entity ?? "")").inserted }
    }

    private mutating func tracked(_ laboratory: Laboratory) -> [Violation] {
        let all = laboratory.tracker.violations
        defer { reported = all.count }
        return all.dropFirst(reported) + seen(laboratory)
    }

    /// What the watch over shards has found; in the live world its order is too loose to judge by.
    private mutating func seen(_ laboratory: Laboratory) -> [Violation] {
        guard comparesViews else { return [] }
        let calm = laboratory.calmSince.map { $0 == .start || laboratory.now - $0 >= ShardingLiveness.aftermath }
        let all = laboratory.watch.look(at: laboratory.now, isCalm: calm ?? false)
        defer { watched = all.count }
        return Array(all.dropFirst(watched))
    }
}

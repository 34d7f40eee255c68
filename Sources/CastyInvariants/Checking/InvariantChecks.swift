import CastyActors
import CastyCore
import CastyObservability
package import CastyTestbed

/// Rules that must hold at every moment.
protocol InvariantChecker: Sendable {
    /// The invariants it looks after.
    static var ids: [String] { get }
    /// Those of them whose precondition has been met in this run: a rule that never applied has not been put to the
    /// test.
    var exercised: Set<String> { get }
    /// What goes against them at a moment; each thing may be told again and again.
    mutating func check(_ moment: LabMoment) -> [Violation]
}

/// Holds a laboratory against the invariants, again and again.
package struct InvariantChecks: RunChecker {
    /// Whether views are compared while time passes; that makes sense only where all of them are of one instant.
    private let comparesViews: Bool
    private var next = Instant.start
    private var reported = 0
    private var told: Set<String> = []
    private var watched = 0
    private var liveness = ShardingLiveness()
    private var evidence = ShardingEvidence()
    private var checkers: [any InvariantChecker] = Self.all

    private static let all: [any InvariantChecker] = [
        UniqueIdentities(), StatusOrder(), GrowingClocks(), EqualVersionsEqualViews(), NoTickInMerge(), MergeLaws(),
        OneLeader(), LeaderActsOnAgreement(), Quiescence(), Agreement(), Joining(), Founding(), Leaving(),
        SmallGossip(),
        NoStrangers(),
        Completeness(), NoSelfSuspicion(), GrowingPhi(), CalmPhi(), BoundedWindow(), NoFalseRemoval(), SickObserver(),
        Refutation(),
        UniqueUpNumbers(), StatusDeadlines(),
        OneSide(), SurvivorsAsOracle(), OneGroup(), PatientDowning(), FencedDown(), NoReturn(), VotesOfMembers(),
        OneOwner(), OneCoordinator(), EntitiesAtHome(), RememberedEntities(), EndingAssociations(),
        NarrowLinks(),
    ]

    /// The rules that are not checkers' of views.
    private static let tracked = ShardingEvidence.ids + ["S8", "S10", "S13", "L1", "K1", singletonRule]
    /// S1 for singletons, which have a premise of their own: that one has followed another.
    private static let singletonRule = "S1-singleton"
    private var occasions: Set<String> = []

    package init(comparesViews: Bool) { self.comparesViews = comparesViews }

    /// All invariants that are looked after, in order.
    package static var ids: [String] {
        Array(Set(all.flatMap { type(of: $0).ids } + tracked)).sorted(by: inOrder)
    }

    /// `M5` comes before `M10`.
    package static func inOrder(_ left: String, _ right: String) -> Bool {
        (left.prefix(1), left.count, left) < (right.prefix(1), right.count, right)
    }

    /// The invariants whose precondition was met: where several rules make up one, that of each of them.
    ///
    /// Complete when the run has been finished.
    package var exercised: Set<String> {
        let tracked = evidence.exercised.union(occasions)
        // The live world's order is too loose to judge more by.
        guard comparesViews else { return tracked.intersection(["S1", "S4", "S5"]) }
        let open = checkers.reduce(into: Set<String>()) { open, checker in
            open.formUnion(Set(type(of: checker).ids).subtracting(checker.exercised))
        }
        return Set(Self.ids).subtracting(open)
            .subtracting(Set(Self.tracked).subtracting(tracked.union(liveness.exercised)))
    }

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
        takeEvidence(laboratory)
        // What is on its way to a member that is dead, and that nobody has removed, has not come to an end; nor has what was sent through a node
        // that still waits for its cluster.
        let isFree =
            laboratory.cuts.isEmpty
            && !laboratory.nodes.values.contains { $0.state == .frozen || $0.waitsForCluster }
            && !laboratory.countsOnDeadMembers
        let mayWait = laboratory.entitiesWithoutNodes
        if isFree, let oldest = laboratory.tracker.oldestPending(where: { !mayWait.contains($0) }) {
            found.append(
                Violation(
                    id: laboratory.watch.rule(for: oldest.entity, since: oldest.entered), entity: oldest.entity,
                    text:
                        "\(laboratory.tracker.pending) envelopes were neither handled nor lost, the oldest: \(oldest.place)"
                ))
        }
        return found
    }

    /// What there was occasion for, up to now.
    private mutating func takeEvidence(_ laboratory: Laboratory) {
        evidence = laboratory.watch.evidence
        occasions = laboratory.tracker.exercised
        if laboratory.truth.comebacks > 0 { occasions.insert("K1") }
        if laboratory.singleton.seen.acted > 1 { occasions.insert(Self.singletonRule) }
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
        let aftermath = laboratory.settings.aftermath(nodes: laboratory.numbers.count)
        let calm = laboratory.calmSince.map { $0 == .start || laboratory.now - $0 >= aftermath }
        let all = laboratory.watch.look(at: laboratory.now, isCalm: calm ?? false)
        defer { watched = all.count }
        return Array(all.dropFirst(watched))
    }
}

extension Checkers {
    /// All rules.
    package static let all = Checkers(
        sharding: [
            GrowingOwnership(), CoordinatorEpochs(), EntitiesWithOwners(), PromptHandoffs(), FrugalRebalance(),
        ],
        whole: { InvariantChecks(comparesViews: $0) })
}

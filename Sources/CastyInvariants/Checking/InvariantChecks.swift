import CastyActors
import CastyCore
import CastyObservability
package import CastyTestbed

/// A rule that must hold at every moment.
protocol InvariantChecker: Sendable {
    /// The invariants that this checker covers.
    static var ids: [String] { get }
    /// Those of them whose precondition was met in this run: a rule that never applied has not been tested.
    var exercised: Set<String> { get }
    /// The subject of the rules. If nothing about it has changed since the previous moment, the rules are not evaluated
    /// again.
    static var subject: CheckedSubject { get }
    /// The violations at a moment; the same violation may be reported repeatedly.
    mutating func check(_ moment: ClusterMoment) -> [Violation]
}

extension InvariantChecker {
    static var subject: CheckedSubject { .anything }
}

/// The subject of a rule.
enum CheckedSubject {
    /// The members, clocks and marks in the nodes' views, and the set of nodes.
    case gossip
    /// The snapshots of regions and coordinators, compared at every second moment.
    case sharding
    /// What changes with every heartbeat and with time: phi, windows of intervals, associations. These rules are
    /// evaluated at two moments of four.
    case detection
    /// Further data, or the passing of time.
    case anything
}

/// Checks a testbed against the invariants repeatedly.
package struct InvariantChecks: RunChecker {
    /// Whether views are compared while time passes; requires that all of them are from one instant.
    private let comparesViews: Bool
    private var next = Instant.start
    private var changeWatch = ChangeWatch()
    private var reported = 0
    private var reportedKeys: Set<String> = []
    private var watched = 0
    private var liveness = ShardingLiveness()
    private var evidence = ShardingEvidence()
    private var checkers: [any InvariantChecker] = Self.all
    private let subjects = Self.all.map { type(of: $0).subject }

    private static let all: [any InvariantChecker] = [
        UniqueIdentities(), StatusOrder(), GrowingClocks(), EqualVersionsEqualViews(), NoTickInMerge(), MergeLaws(),
        OneLeader(), LeaderActsOnAgreement(), Quiescence(), Agreement(), Joining(), Founding(), Leaving(),
        SmallGossip(),
        NoUnknownMembers(),
        Completeness(), NoSelfSuspicion(), NoSelfMonitoring(), GrowingPhi(), CalmPhi(), BoundedWindow(),
        NoFalseRemoval(), SickObserver(),
        Refutation(),
        UniqueUpNumbers(), StatusDeadlines(),
        OneSide(), SurvivorsAsOracle(), OneGroup(), PatientDowning(), FencedDown(), NoReturn(), VotesOfMembers(),
        OneOwner(), OneCoordinator(), EntitiesAtHome(), RememberedEntities(), EndingAssociations(),
        NarrowLinks(),
    ]

    /// The rules without a checker of views.
    private static let tracked = ShardingEvidence.ids + ["S8", "S10", "S13", "L1", "K1", "K2", singletonRule]
    /// S1 for singletons. It has its own precondition: one incarnation has followed another.
    private static let singletonRule = "S1-singleton"
    private var occasions: Set<String> = []

    package init(comparesViews: Bool) { self.comparesViews = comparesViews }

    /// All invariants that are covered, in order.
    package static var ids: [String] {
        Array(Set(all.flatMap { type(of: $0).ids } + tracked)).sorted(by: inOrder)
    }

    /// `M5` comes before `M10`.
    package static func inOrder(_ left: String, _ right: String) -> Bool {
        (left.prefix(1), left.count, left) < (right.prefix(1), right.count, right)
    }

    /// The invariants whose precondition was met. If several rules make up an invariant, each precondition must be met.
    ///
    /// Complete once the run has finished.
    package var exercised: Set<String> {
        let tracked = evidence.exercised.union(occasions)
        // In the live runtime the order of events is too loose to evaluate more.
        guard comparesViews else { return tracked.intersection(["S1", "S4", "S5"]) }
        let open = checkers.reduce(into: Set<String>()) { open, checker in
            open.formUnion(Set(type(of: checker).ids).subtracting(checker.exercised))
        }
        return Set(Self.ids).subtracting(open)
            .subtracting(Set(Self.tracked).subtracting(tracked.union(liveness.exercised)))
    }

    /// Checks the testbed every 100 ms.
    package mutating func look(_ testbed: TestCluster) -> [Violation] {
        guard testbed.now >= next else { return [] }
        next = testbed.now + .milliseconds(100)
        return compared(testbed) + tracked(testbed)
    }

    /// Checks the testbed at the end: every envelope must have ended, unless a fault blocks it.
    package mutating func finish(_ testbed: TestCluster) -> [Violation] {
        var found = compared(testbed) + tracked(testbed)
        if comparesViews { found += liveness.finish(testbed) }
        takeEvidence(testbed)
        // An envelope has not ended if it is in transit to a dead member that was not removed, or if it was sent
        // through a node that still waits for its cluster.
        let isFree =
            testbed.cuts.isEmpty
            && !testbed.nodes.values.contains { $0.state == .frozen || $0.waitsForCluster }
            && !testbed.countsOnDeadMembers
        let mayWait = testbed.entitiesWithoutNodes
        if isFree, let oldest = testbed.tracker.oldestPending(where: { !mayWait.contains($0) }) {
            found.append(
                Violation(
                    id: testbed.watch.rule(for: oldest.entity, since: oldest.entered), entity: oldest.entity,
                    text:
                        "\(testbed.tracker.pending) envelopes were neither handled nor lost, the oldest: \(oldest.location)"
                ))
        }
        return found
    }

    /// Collects the rules that had something to check, up to now.
    private mutating func takeEvidence(_ testbed: TestCluster) {
        evidence = testbed.watch.evidence
        occasions = testbed.tracker.exercised
        if testbed.durable.comebacks > 0 { occasions.insert("K1") }
        if testbed.singleton.seen.acted > 1 { occasions.insert(Self.singletonRule) }
    }

    private mutating func compared(_ testbed: TestCluster) -> [Violation] {
        guard comparesViews else { return [] }
        var moment = ClusterMoment(testbed)
        var found: [Violation] = []
        let changes = changeWatch.look(moment)
        moment.changes = changes
        for index in checkers.indices where changes.concern(subjects[index]) {
            found += checkers[index].check(moment)
        }
        found += liveness.check(testbed, moment)
        return found.filter { reportedKeys.insert("\($0.id) \($0.subject ?? "") \($0.entity ?? "")").inserted }
    }

    private mutating func tracked(_ testbed: TestCluster) -> [Violation] {
        let all = testbed.tracker.violations
        defer { reported = all.count }
        return all.dropFirst(reported) + seen(testbed)
    }

    /// The violations found by the watch over shards; in the live runtime the order of events is too loose to evaluate
    /// them.
    private mutating func seen(_ testbed: TestCluster) -> [Violation] {
        guard comparesViews else { return [] }
        let aftermath = testbed.settings.aftermath(nodes: testbed.numbers.count)
        let calm = testbed.calmSince.map { $0 == .start || testbed.now - $0 >= aftermath }
        let all = testbed.watch.look(at: testbed.now, isCalm: calm ?? false)
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

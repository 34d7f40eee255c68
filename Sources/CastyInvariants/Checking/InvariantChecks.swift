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
    /// What they are about. Where nothing of that has changed since the last moment, they are not asked again.
    static var subject: CheckedSubject { get }
    /// What goes against them at a moment; each thing may be told again and again.
    mutating func check(_ moment: ClusterMoment) -> [Violation]
}

extension InvariantChecker {
    static var subject: CheckedSubject { .anything }
}

/// What a rule is about.
enum CheckedSubject {
    /// The members, clocks and marks in the views of nodes, and which nodes there are.
    case gossip
    /// What regions and coordinators show.
    case sharding
    /// More than that, or the time that passes.
    case anything
}

/// Holds a testbed against the invariants, again and again.
package struct InvariantChecks: RunChecker {
    /// Whether views are compared while time passes; that makes sense only where all of them are of one instant.
    private let comparesViews: Bool
    private var next = Instant.start
    private var latest: ClusterMoment.Seen?
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

    /// Looks at the testbed, if it is time to: every 100 ms.
    package mutating func look(_ testbed: TestCluster) -> [Violation] {
        guard testbed.now >= next else { return [] }
        next = testbed.now + .milliseconds(100)
        return compared(testbed) + tracked(testbed)
    }

    /// Looks at the testbed when all is done: every envelope must have come to an end, where nothing holds it up.
    package mutating func finish(_ testbed: TestCluster) -> [Violation] {
        var found = compared(testbed) + tracked(testbed)
        if comparesViews { found += liveness.finish(testbed) }
        takeEvidence(testbed)
        // What is on its way to a member that is dead, and that nobody has removed, has not come to an end; nor has what was sent through a node
        // that still waits for its cluster.
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
                        "\(testbed.tracker.pending) envelopes were neither handled nor lost, the oldest: \(oldest.place)"
                ))
        }
        return found
    }

    /// What there was occasion for, up to now.
    private mutating func takeEvidence(_ testbed: TestCluster) {
        evidence = testbed.watch.evidence
        occasions = testbed.tracker.exercised
        if testbed.durable.comebacks > 0 { occasions.insert("K1") }
        if testbed.singleton.seen.acted > 1 { occasions.insert(Self.singletonRule) }
    }

    private mutating func compared(_ testbed: TestCluster) -> [Violation] {
        guard comparesViews else { return [] }
        let moment = ClusterMoment(testbed)
        var found: [Violation] = []
        let changes = moment.changes(since: latest)
        latest = moment.seen
        for index in checkers.indices where changes.concern(type(of: checkers[index]).subject) {
            found += checkers[index].check(moment)
        }
        found += liveness.check(testbed, moment)
        return found.filter { told.insert("\($0.id) \($0.subject ?? "") \($0.entity ?? "")").inserted }
    }

    private mutating func tracked(_ testbed: TestCluster) -> [Violation] {
        let all = testbed.tracker.violations
        defer { reported = all.count }
        return all.dropFirst(reported) + seen(testbed)
    }

    /// What the watch over shards has found; in the live world its order is too loose to judge by.
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

import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement
import CastyScenario
import CastySharding
import CastyTestbed

/// The liveness rules of sharding, in calm periods and within time bounds: S6, S7, S8, S10, S13, L1; and K2.
struct ShardingLiveness {
    private var losses = CalmLosses()
    private var crashes = ServedAfterCrash()
    private var balance = EvenShards()
    private var buffers = BoundedBuffers()
    private var asks = PromptAsks()
    private var reminders = LateReminders()

    mutating func check(_ testbed: TestCluster, _ moment: ClusterMoment) -> [Violation] {
        losses.check(testbed) + crashes.check(testbed) + balance.check(testbed, moment)
            + (moment.changes.sharding ? buffers.check(moment, limit: testbed.settings.placement.bufferLimit) : [])
            + asks.check(testbed, moment) + reminders.check(testbed)
    }

    /// The rules that had a case to evaluate.
    var exercised: Set<String> {
        Set(
            (crashes.hasEvaluated ? ["S8"] : []) + (balance.hasEvaluated ? ["S10"] : [])
                + (buffers.hasEvaluated ? ["S13"] : [])
                + (asks.hasEvaluated ? ["L1"] : []) + (reminders.hasEvaluated ? ["K2"] : []))
    }

    /// The last check, once nothing more can happen.
    mutating func finish(_ testbed: TestCluster) -> [Violation] { losses.check(testbed, isLast: true) }
}

/// S6, S7: without a fault no message is lost: not when shards move, when nodes leave, join or take over as
/// coordinator, or when entities are passivated.
///
/// Evaluated if the effects of the last fault must have been over before the envelope entered. A drop by a full buffer
/// or mailbox is no violation: those limits always apply, and the drop is counted. A message sent by a node that has
/// said goodbye is no violation either.
struct CalmLosses {
    private var next = 0
    private var suspects: [EnvelopeTracker.Loss] = []
    private static let excused: [EnvelopeLoss] = [.ledger(.bufferFull), .ledger(.mailboxFull)]
    /// If no member can host an entity, its questions fail correctly; L1 checks the reasons.
    private static let excusedQuestions: [EnvelopeLoss] = [.ledger(.noHome)]

    mutating func check(_ testbed: TestCluster, isLast: Bool = false) -> [Violation] {
        let new = testbed.tracker.losses(from: next)
        next += new.count
        if new.isEmpty, suspects.isEmpty { return [] }
        let aftermath = testbed.settings.aftermath(nodes: testbed.numbers.count)
        suspects += new.filter { loss in
            let quiet = testbed.calmSince.map {
                loss.entered >= $0 && ($0 == .start || loss.entered >= $0 + aftermath)
            }
            return quiet == true && !Self.excused.contains(loss.cause)
                && !Self.excusedQuestions.contains(loss.cause) && !testbed.saidGoodbye(loss.sender)
        }
        // An envelope that left a node before its regular end may still turn up.
        let ripe = suspects.filter { isLast || $0.time + .seconds(2) <= testbed.now }
        suspects.removeFirst(ripe.count)
        return ripe.filter { !testbed.tracker.isHandled($0.number) }.map { loss in
            Violation(
                id: testbed.watch.rule(for: loss.entity, since: loss.entered), entity: loss.entity,
                text: "envelope \(loss.number), sent at \(loss.entered) in a quiet time, was lost", loss: loss.cause)
        }
    }
}

/// S8: within T_fail of a crash, every shard of the dead node that has waiting messages runs elsewhere and has handled
/// the first of them.
///
/// Evaluated for a crash in a quiet cluster whose other nodes survive by their strategy, as long as no other fault or
/// change follows.
struct ServedAfterCrash {
    private var next = 0
    private var open: [TestCluster.Disturbances.Crash] = []
    private(set) var hasEvaluated = false

    mutating func check(_ testbed: TestCluster) -> [Violation] {
        let crashes = testbed.disturbances.crashes
        open += crashes[next...].filter { crash in
            let wasCalm = crash.calmSince.map { $0 == .start || crash.time - $0 >= .seconds(10) } ?? false
            return wasCalm && crash.wasSettled && crash.leavesSurvivors
                && crash.time - testbed.disturbances.changedAt >= .seconds(10)
        }
        next = crashes.count
        guard let crash = open.first else { return [] }
        let disturbances = testbed.disturbances
        guard disturbances.faultedUntil <= crash.time, disturbances.changedAt <= crash.time,
            testbed.calmSince != nil
        else {
            open.removeFirst()
            return []
        }
        let deadline = crash.time + testbed.settings.failover(nodes: testbed.numbers.count)
        guard testbed.now > deadline else { return [] }
        open.removeFirst()
        let wanted = crash.shards.contains { key in
            testbed.tracker.hasEntered(since: crash.time) { entity in
                EntityName.type(of: entity) == key.type
                    && StableHash.shard(of: entity, count: testbed.settings.shards) == key.shard
            }
        }
        hasEvaluated = hasEvaluated || wanted
        return crash.shards.compactMap { key in
            let waiting = testbed.tracker.pending(enteredBefore: deadline - .seconds(1)) { entity, sender in
                EntityName.type(of: entity) == key.type && testbed.watch.isAlive(sender)
                    && StableHash.shard(of: entity, count: testbed.settings.shards) == key.shard
            }
            guard let waiting else { return nil }
            let owner = testbed.watch.isRunning(key) ? "it runs" : "it runs nowhere"
            return Violation(
                id: "S8", subject: TestCluster.name(of: crash.node.address), entity: "\(key.type) shard \(key.shard)",
                text:
                    "\(testbed.now - crash.time) after the crash of its node \(owner), and a message waits: \(waiting.location)"
            )
        }
    }
}

/// S10: when the cluster has been at rest for the time that balancing may take, no two nodes differ by more than one
/// shard, and every needed shard runs.
///
/// Evaluated if the membership has come to rest by its bounds, no fault is active, no shard is pinned, no node is
/// drained and rebalancing is not paused.
struct EvenShards {
    private var next = Instant.start
    private var restSince: Instant?
    private(set) var hasEvaluated = false

    mutating func check(_ testbed: TestCluster, _ moment: ClusterMoment) -> [Violation] {
        let disturbances = testbed.disturbances
        let living = Set(moment.members.map(\.node))
        guard moment.isSettled, testbed.calmSince != nil, !testbed.hasPendingVerbs,
            !moment.views.contains(where: { $0.hasTiedShards(among: living) })
        else {
            restSince = nil
            return []
        }
        let since = restSince ?? moment.time
        restSince = since
        let bound = testbed.settings.rebalancing(nodes: testbed.numbers.count)
        guard moment.time >= next, moment.time - max(since, disturbances.changedAt) >= bound else { return [] }
        next = moment.time + .seconds(5)
        switch testbed.balance(by: 1) {
        case .noShards, .noHosts: return []
        case .even(let hosts):
            if hosts > 1 { hasEvaluated = true }
            return []
        case .uneven(let seen):
            hasEvaluated = true
            return [Violation(id: "S10", text: "\(bound) after the cluster has come to rest: \(seen)")]
        }
    }
}

extension NodeView {
    /// Whether operators have paused rebalancing, pinned shards or drained nodes, as far as this node knows.
    fileprivate func hasTiedShards(among living: Set<UniqueAddress>) -> Bool {
        sharding.contains { part in
            part.isPaused || !part.pinned.isEmpty || part.drained.contains(where: living.contains)
        }
    }
}

/// S13: a region buffers no more messages than its limit.
struct BoundedBuffers {
    private(set) var hasEvaluated = false

    mutating func check(_ moment: ClusterMoment, limit: Int) -> [Violation] {
        var found: [Violation] = []
        for view in moment.views {
            for part in view.sharding where part.buffered > 0 {
                hasEvaluated = true
                guard part.buffered > limit else { continue }
                found.append(
                    Violation(
                        id: "S13", subject: view.name,
                        text: "its region of \(part.type) keeps \(part.buffered) messages, and may keep \(limit)"))
            }
        }
        return found
    }
}

import CastyActors
import CastyInspection
import CastyPlacement
import CastyPrimitives
import CastySharding

/// What sharding owes in quiet times and in time: S6, S7, S8, S10, S13.
struct ShardingLiveness {
    /// After the end of the last fault it takes so long until nothing of it is left: a crash is noticed, decided upon and made good.
    static let aftermath = Duration.seconds(20)

    private var losses = CalmLosses()
    private var crashes = ServedAfterCrash()
    private var balance = EvenShards()

    mutating func check(_ laboratory: Laboratory, _ moment: LabMoment) -> [Violation] {
        losses.check(laboratory) + crashes.check(laboratory) + balance.check(laboratory)
            + BoundedBuffers().check(moment, limit: laboratory.settings.placement.bufferLimit)
    }

    /// The rules for which there was a case to judge.
    var exercised: Set<String> { Set((crashes.hasJudged ? ["S8"] : []) + (balance.hasJudged ? ["S10"] : [])) }

    /// Looks once more when nothing is to come any more.
    mutating func finish(_ laboratory: Laboratory) -> [Violation] { losses.check(laboratory, isLast: true) }
}

/// S6, S7: without a fault nothing is lost: not when shards move, nodes leave, join or coordinate in turn; not when entities go to sleep.
///
/// Judged where no fault was at work since twenty seconds before the envelope entered. What a full buffer or mailbox drops is no violation:
/// their bounds hold always, and it is counted. Nor is what is said to a node that has said goodbye.
struct CalmLosses {
    private var next = 0
    private var suspects: [EnvelopeTracker.Loss] = []
    private static let excused = ["buffer full", "mailbox full"]

    mutating func check(_ laboratory: Laboratory, isLast: Bool = false) -> [Violation] {
        let new = laboratory.tracker.losses(from: next)
        next += new.count
        suspects += new.filter { loss in
            let quiet = laboratory.calmSince.map {
                loss.entered >= $0 && ($0 == .start || loss.entered >= $0 + ShardingLiveness.aftermath)
            }
            return quiet == true && !Self.excused.contains(loss.reason) && !laboratory.saidGoodbye(loss.sender)
        }
        // What left a node that ended in order may still turn up.
        let ripe = suspects.filter { isLast || $0.time + .seconds(2) <= laboratory.now }
        suspects.removeFirst(ripe.count)
        return ripe.filter { !laboratory.tracker.isHandled($0.number) }.map { loss in
            Violation(
                id: laboratory.watch.rule(for: loss.entity, since: loss.entered), entity: loss.entity,
                text: "envelope \(loss.number), sent at \(loss.entered) in a quiet time, was lost: \(loss.reason)")
        }
    }
}

/// S8: within T_fail of a crash every shard of the dead node for which messages wait runs elsewhere and has handled the first of them.
///
/// Judged for a crash after ten quiet seconds that leaves a majority, and while no other fault or change follows.
struct ServedAfterCrash {
    private var next = 0
    private var open: [Laboratory.Disturbances.Crash] = []
    private(set) var hasJudged = false

    mutating func check(_ laboratory: Laboratory) -> [Violation] {
        let crashes = laboratory.disturbances.crashes
        open += crashes[next...].filter { crash in
            let wasCalm = crash.calmSince.map { $0 == .start || crash.time - $0 >= .seconds(10) } ?? false
            return wasCalm && crash.leavesMajority && crash.time - laboratory.disturbances.changedAt >= .seconds(10)
        }
        next = crashes.count
        guard let crash = open.first else { return [] }
        let disturbances = laboratory.disturbances
        guard disturbances.faultedUntil <= crash.time, disturbances.changedAt <= crash.time,
            laboratory.calmSince != nil
        else {
            open.removeFirst()
            return []
        }
        let deadline = crash.time + laboratory.settings.failover(nodes: laboratory.numbers.count)
        guard laboratory.now > deadline else { return [] }
        open.removeFirst()
        hasJudged = hasJudged || !crash.shards.isEmpty
        return crash.shards.compactMap { key in
            let waiting = laboratory.tracker.pending(enteredBefore: deadline - .seconds(1)) { entity, sender in
                entity.hasPrefix(key.type + "-") && laboratory.watch.isAlive(sender)
                    && StableHash.shard(of: entity, count: laboratory.settings.shards) == key.shard
            }
            guard let waiting else { return nil }
            let owner = laboratory.watch.isRunning(key) ? "it runs" : "it runs nowhere"
            return Violation(
                id: "S8", subject: Laboratory.name(of: crash.node.address), entity: "\(key.type) shard \(key.shard)",
                text:
                    "\(laboratory.now - crash.time) after the crash of its node \(owner), and a message waits: \(waiting.place)"
            )
        }
    }
}

/// S10: when nothing was done to the cluster for half a minute, no two nodes differ by more than one shard.
///
/// Judged where no shard is pinned, no node was drained and rebalancing was not paused.
struct EvenShards {
    private var next = Instant.start
    private(set) var hasJudged = false

    mutating func check(_ laboratory: Laboratory) -> [Violation] {
        let disturbances = laboratory.disturbances
        guard laboratory.now >= next, !disturbances.areShardsTied, let calm = laboratory.calmSince,
            laboratory.now - max(calm, disturbances.changedAt) >= .seconds(30)
        else { return [] }
        next = laboratory.now + .seconds(5)
        // Where a split left nobody there is nothing to balance.
        guard laboratory.running.contains(where: \.isUp) else { return [] }
        hasJudged = true
        guard case .unmet(let seen) = laboratory.judgeBalance(by: 1) else { return [] }
        return [Violation(id: "S10", text: "half a minute after the last change: \(seen)")]
    }
}

/// S13: a region keeps no more messages than it may.
struct BoundedBuffers {
    func check(_ moment: LabMoment, limit: Int) -> [Violation] {
        moment.views.flatMap { view in
            view.sharding.filter { $0.buffered > limit }.map { part in
                Violation(
                    id: "S13", subject: view.name,
                    text: "its region of \(part.type) keeps \(part.buffered) messages, and may keep \(limit)")
            }
        }
    }
}

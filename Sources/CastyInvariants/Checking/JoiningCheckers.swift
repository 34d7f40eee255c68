import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// M10, M14: a started node is up in every member's view within the bound; if it replaces an earlier incarnation, no
/// view contains that one any more.
///
/// Precondition: there is an up member. By the bounds the effects of all earlier faults, except the end of the earlier
/// incarnation, must be over when the node begins to contact the cluster. Until the bound nothing else happens than
/// further starts.
struct Joining: InvariantChecker {
    static let ids = ["M10", "M14"]

    private struct Attempt {
        let node: UniqueAddress
        let begun: Instant
        let due: Instant
        let replaces: Bool
    }

    private var known: Set<UniqueAddress> = []
    private var attempts: [Attempt] = []
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        for incarnation in oracle.running {
            guard let begun = incarnation.begunAt, known.insert(incarnation.node).inserted else { continue }
            let others = moment.members.filter { $0.node != incarnation.node }
            guard others.contains(where: { $0.gossip.status(of: $0.node) == .up }) else { continue }
            let replaces = others.contains { state in
                state.gossip.members.contains {
                    $0.node.address == incarnation.node.address && $0.node != incarnation.node
                }
            }
            attempts.append(
                Attempt(node: incarnation.node, begun: begun, due: begun + oracle.bounds.join, replaces: replaces))
        }
        attempts = attempts.filter { isFair($0, oracle, at: moment.time) }
        let due = attempts.filter { $0.due <= moment.time }
        attempts.removeAll { $0.due <= moment.time }
        return due.flatMap { attempt in evaluate(attempt, moment) }
    }

    private func isFair(_ attempt: Attempt, _ oracle: Oracle, at now: Instant) -> Bool {
        guard let incarnation = oracle.incarnation(attempt.node), incarnation.state == .running,
            oracle.isClean(at: now), !oracle.mayBeHeldUp
        else { return false }
        return oracle.disturbances.allSatisfy { disturbance in
            let isOver = disturbance.settled <= attempt.begun
            let isOwn = disturbance.number == incarnation.number && disturbance.at <= attempt.begun
            return isOver || disturbance.kind == .start || isOwn
        }
    }

    private mutating func evaluate(_ attempt: Attempt, _ moment: ClusterMoment) -> [Violation] {
        let id = attempt.replaces ? "M14" : "M10"
        exercised.insert(id)
        let name = moment.name(attempt.node)
        for state in moment.members {
            let viewer = moment.name(state.node)
            let incarnations = state.gossip.members(at: attempt.node.address)
            if incarnations.first(where: { $0.node == attempt.node })?.status != .up {
                return [
                    Violation(
                        id: id, subject: name, text: "it began to join at \(attempt.begun) and is not up on \(viewer)")
                ]
            }
            if incarnations.count > 1 {
                return [
                    Violation(id: id, subject: name, text: "its former incarnation is still in the view of \(viewer)")
                ]
            }
        }
        return []
    }
}

/// M12: no member ever calls a gracefully leaving node unreachable or down, and the node is removed within the bound.
///
/// Precondition: by the bounds the effects of all earlier faults must be over when it asks to leave. Until it is
/// removed nothing happens except starts and departures, and some other member stays.
struct Leaving: InvariantChecker {
    static let ids = ["M12"]

    private var known: Set<UniqueAddress> = []
    private var leavers: [UniqueAddress] = []
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        for incarnation in oracle.newest where incarnation.leaveAskedAt != nil && incarnation.memberSince != nil {
            if known.insert(incarnation.node).inserted { leavers.append(incarnation.node) }
        }
        leavers = leavers.filter { isFair($0, moment) }
        var found: [Violation] = []
        for step in moment.steps where !leavers.isEmpty {
            for event in step.events {
                guard let subject = event.subject, leavers.contains(subject), isTrouble(event.kind) else { continue }
                found.append(
                    Violation(
                        id: "M12", subject: moment.name(subject),
                        text:
                            "\(moment.name(step.node)) published \(event.name) about it, though it leaves gracefully"
                    ))
            }
        }
        for leaver in leavers {
            let isSeen = moment.members.contains { $0.node != leaver && $0.gossip.hasMember(leaver) }
            if oracle.incarnation(leaver)?.state == .stopped, !isSeen {
                exercised = ["M12"]
                leavers.removeAll { $0 == leaver }
            } else if let asked = oracle.incarnation(leaver)?.leaveAskedAt, asked + oracle.bounds.leave < moment.time {
                found.append(
                    Violation(id: "M12", subject: moment.name(leaver), text: "it left at \(asked) and is not gone"))
            }
        }
        return found
    }

    private func isFair(_ leaver: UniqueAddress, _ moment: ClusterMoment) -> Bool {
        let oracle = moment.oracle
        guard let incarnation = oracle.incarnation(leaver), let asked = incarnation.leaveAskedAt,
            incarnation.state != .killed,
            oracle.isClean(at: moment.time, ignoringLeavers: true), !oracle.mayBeHeldUp,
            oracle.running.contains(where: { $0.memberSince != nil && $0.leaveAskedAt == nil })
        else { return false }
        return oracle.disturbances.allSatisfy { disturbance in
            switch disturbance.kind {
            case .start: disturbance.number != incarnation.number || disturbance.at <= asked
            case .leave: true
            case .selfStop:
                disturbance.settled <= asked
                    || oracle.incarnations.contains { incarnation in
                        incarnation.number == disturbance.number && incarnation.stoppedFor == .left
                            && incarnation.startedAt <= disturbance.at
                    }
            case .kill, .freeze, .thaw, .downCommand, .cut, .heal, .shape, .reset, .sick, .narrow, .forgetting:
                disturbance.settled <= asked
            }
        }
    }

    private func isTrouble(_ kind: MembershipEvent.Kind) -> Bool {
        switch kind {
        case .memberUnreachable, .memberDown: true
        case .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberRemoved, .suspected,
            .memberReachable, .leaderChanged, .converged, .downingDecision,
            .secondCluster:
            false
        }
    }
}

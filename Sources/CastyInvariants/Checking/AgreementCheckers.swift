import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// M7: if all views are converged, have one version, and show no unreachable member, then all name the same leader, and
/// that leader is up or leaving.
struct OneLeader: InvariantChecker {
    static let ids = ["M7"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let members = moment.members
        let views = moment.views.filter { view in members.contains { $0.node == view.node } }
        guard let first = views.first, views.count > 1,
            views.allSatisfy({ $0.isConverged && $0.clock == first.clock && !$0.members.contains(where: \.unreachable) }
            )
        else { return [] }
        exercised = ["M7"]
        let leader = first.members.first { $0.node == first.leader }
        let hasVoters = first.members.contains { $0.status == .up || $0.status == .leaving }
        if hasVoters, leader.map({ $0.status != .up && $0.status != .leaving }) ?? true {
            return [
                Violation(
                    id: "M7", subject: leader?.name, text: "the leader is \(leader?.status.description ?? "no node")")
            ]
        }
        return views.filter { $0.leader != first.leader }.prefix(1).map { _ in
            Violation(
                id: "M7", subject: leader?.name, text: "another node calls another one the leader, in the same view")
        }
    }
}

/// M7: the leader promotes and removes only on a version that every up or leaving member has seen, and in which every
/// unreachable member is down or exiting.
struct LeaderActsOnAgreement: InvariantChecker {
    static let ids = ["M7"]

    private var latest: [UniqueAddress: Gossip] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps {
            if acts(step), let reason = objection(to: step, moment) {
                found.append(
                    Violation(id: "M7", subject: moment.name(step.node), text: "it acted as leader, but \(reason)"))
            }
            latest[step.node] = step.after
        }
        return found
    }

    private func acts(_ step: StepTrace) -> Bool {
        step.events.contains { event in
            guard case .leaderAction = event.cause else { return false }
            switch event.kind {
            case .memberUp, .memberExiting, .memberRemoved: return true
            case .memberJoining, .memberWeaklyUp, .memberLeaving, .memberDown, .suspected, .memberUnreachable,
                .memberReachable, .leaderChanged, .converged, .downingDecision,
                .secondCluster:
                return false
            }
        }
    }

    private mutating func objection(to step: StepTrace, _ moment: ClusterMoment) -> String? {
        var changed: Set<UniqueAddress> = []
        for event in step.events {
            if case .leaderAction = event.cause, let subject = event.subject { changed.insert(subject) }
        }
        for node in step.after.unreachable where node != step.node {
            guard let status = step.after.member(node)?.status, status != .down else { continue }
            if status != .exiting || changed.contains(node) { return "\(moment.name(node)) was unreachable" }
        }
        for member in step.after.members where member.node != step.node {
            let wasVoter = member.status == .up && !changed.contains(member.node) || member.status == .leaving
            guard wasVoter, let theirs = latest[member.node] else { continue }
            exercised = ["M7"]
            // The leader's own actions advance its clock entry, so they are not part of the version it acted on.
            let missing = step.after.version.entries.contains { entry in
                let count = entry.node == step.node ? step.before.version[entry.node] : entry.count
                return theirs.version[entry.node] < count && !theirs.isTombstoned(entry.node)
            }
            if missing { return "\(moment.name(member.node)) did not have that version" }
        }
        return nil
    }
}

/// M9, M11: in a quiet cluster all members have the same view: it contains exactly the running members, each of them up
/// and reachable. So there is one cluster.
///
/// Precondition: the quiet point has passed, and by the bounds the effects of all earlier faults must be over.
struct Agreement: InvariantChecker {
    static let ids = ["M9", "M11"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        guard moment.isSettled else { return [] }
        let members = moment.members
        guard members.count > 1 else { return [] }
        exercised = ["M9", "M11"]
        var found: [Violation] = []
        let expected = members.map(\.node).sorted()
        for state in members {
            let name = moment.name(state.node)
            if let unknownPeer = expected.first(where: { node in
                !state.gossip.hasMember(node)
                    && !members.contains { $0.node == node && $0.gossip.hasMember(state.node) }
            }) {
                found.append(
                    Violation(
                        id: "M11", subject: name, text: "it and \(moment.name(unknownPeer)) are in different clusters"))
            } else if state.gossip.members.map(\.node) != expected {
                let seen = state.gossip.members.map { moment.name($0.node) }.joined(separator: ",")
                let text = "its members are \(seen), those that run \(expected.map(moment.name).joined(separator: ","))"
                found.append(Violation(id: "M9", subject: name, text: text))
            } else if let member = state.gossip.members.first(where: { $0.status != .up }) {
                found.append(
                    Violation(id: "M9", subject: name, text: "\(moment.name(member.node)) is still \(member.status)"))
            } else if let node = state.gossip.unreachable.first {
                found.append(Violation(id: "M9", subject: name, text: "\(moment.name(node)) is still unreachable"))
            } else if state.gossip.version != members[0].gossip.version {
                found.append(Violation(id: "M9", subject: name, text: "its version is not that of the others"))
            }
        }
        return found
    }
}

/// M15: a view contains only incarnations that were started for this cluster.
struct NoUnknownMembers: InvariantChecker {
    static let ids = ["M15"]
    static let subject = CheckedSubject.gossip

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let known = Set(moment.incarnations)
        var found: [Violation] = []
        for view in moment.views {
            if view.members.count > 1 { exercised = ["M15"] }
            guard let unknownPeer = view.members.first(where: { !known.contains($0.node) }) else { continue }
            found.append(
                Violation(
                    id: "M15", subject: view.name, text: "\(unknownPeer.node) is in its view, and was never started")
            )
        }
        return found
    }
}

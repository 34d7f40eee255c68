import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// M16: no up-number is given twice while a cluster exists, whichever members leave and join.
///
/// If nodes that remember a cluster found it again, it is the same cluster, and its numbers continue.
struct UniqueUpNumbers: InvariantChecker {
    static let ids = ["M16"]

    private struct Number: Hashable {
        let cluster: ClusterID
        let number: UInt32
    }

    private var holders: [Number: UniqueAddress] = [:]
    private var gone: Set<ClusterID> = []
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps {
            guard step.isChange, let cluster = step.after.cluster else { continue }
            for member in step.before.members where step.after.member(member.node) == nil {
                if member.upNumber != nil { gone.insert(cluster) }
            }
            for member in step.after.members {
                guard let number = member.upNumber else { continue }
                let key = Number(cluster: cluster, number: number)
                guard let holder = holders[key] else {
                    holders[key] = member.node
                    // Until a member has been removed, any numbering scheme satisfies this rule.
                    if gone.contains(cluster) { exercised = ["M16"] }
                    continue
                }
                guard holder != member.node else { continue }
                let text = "up-number \(number) was given to \(holder) and to \(member.node)"
                found.append(Violation(id: "M16", subject: moment.name(member.node), text: text))
            }
        }
        return found
    }
}

/// M17: every status except up ends within its deadline, even if members are unreachable and a person decides about
/// them.
///
/// - A node that was asked to leave and runs at full speed has stopped.
/// - No stopped member is exiting or down beyond the deadline in the view of a leader that has run at full speed the
///   whole time and has seen no new fault.
struct StatusDeadlines: InvariantChecker {
    static let ids = ["M17"]

    private struct Pair: Hashable {
        let viewer: UniqueAddress
        let subject: UniqueAddress
    }

    private var since: [Pair: (status: MemberStatus, at: Instant)] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let (oracle, settings) = (moment.oracle, moment.oracle.settings)
        let deadline = settings.statusDeadline(members: oracle.bounds.size)
        var found: [Violation] = []
        for incarnation in oracle.newest {
            guard let asked = incarnation.leaveAskedAt else { continue }
            exercised = ["M17"]
            // One more second for its last messages.
            let bound = deadline + settings.exitTimeout * 6 + .seconds(1)
            guard incarnation.isSteady(at: moment.time), moment.time - max(asked, incarnation.steadySince) > bound
            else { continue }
            let text = "it was asked to leave at \(asked), and still runs"
            found.append(Violation(id: "M17", subject: incarnation.name, text: text))
        }
        for state in moment.members { found += look(at: state, deadline * 2 + oracle.bounds.decision, moment) }
        return found
    }

    private mutating func look(at state: ClusterMoment.State, _ bound: Duration, _ moment: ClusterMoment) -> [Violation]
    {
        guard let incarnation = moment.oracle.incarnation(state.node), incarnation.isSteady(at: moment.time) else {
            return []
        }
        let leads = state.gossip.leader(seenBy: state.node) == state.node
        var found: [Violation] = []
        let hasPassing = leads && state.gossip.members.contains { $0.status == .exiting || $0.status == .down }
        guard hasPassing || !since.isEmpty else { return [] }
        for member in state.gossip.members {
            let pair = Pair(viewer: state.node, subject: member.node)
            let isPassing = member.status == .exiting || member.status == .down
            guard leads, isPassing, moment.oracle.incarnation(member.node)?.state == .stopped else {
                since[pair] = nil
                continue
            }
            guard let known = since[pair], known.status == member.status else {
                since[pair] = (member.status, moment.time)
                continue
            }
            guard moment.time - max(known.at, incarnation.steadySince, moment.oracle.lastFault) > bound else {
                continue
            }
            let text = "\(moment.name(member.node)) has been \(member.status) since \(known.at), and has stopped"
            found.append(Violation(id: "M17", subject: moment.name(state.node), text: text))
        }
        return found
    }
}

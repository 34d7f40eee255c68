import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// M11: there is one cluster.
///
/// - A founder was started as such, or a majority of the seed list, itself included, has replied that they are in no
///   cluster. At that moment a majority of the seeds is running without being members, or has just ended.
/// - No founder founds a cluster while a seed is a member, including leaving and exiting seeds. Precondition: since the
///   start of the founder no link was faulty and no node was frozen or slow.
/// - No founder, unless it was started as such, founds a cluster again while a member of that cluster is running and
///   reaches all other members that it knows.
/// - Two clusters that can reach each other become one within the bound: all members have the same cluster id and
///   founding. Precondition: there was no fault for that long.
struct Founding: InvariantChecker {
    static let ids = ["M11"]

    private var latest: [UniqueAddress: Gossip] = [:]
    private var phases: [UniqueAddress: Membership.Phase] = [:]
    private var uncleanAt = Instant.start
    /// Since when members of two clusters have coexisted without a fault.
    private var twoSince: Instant?
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        if !moment.oracle.isClean(at: moment.time, ignoringLeavers: true) { uncleanAt = moment.time }
        for step in moment.steps {
            let isFounding =
                step.phase == .member && step.phaseBefore != .member && step.after.members.count == 1
            if isFounding, let reason = objection(to: step, moment) {
                found.append(Violation(id: "M11", subject: moment.name(step.node), text: reason))
            }
            latest[step.node] = step.after
            phases[step.node] = step.phase
        }
        return found + coexistence(moment)
    }

    private mutating func objection(to founding: StepTrace, _ moment: ClusterMoment) -> String? {
        let oracle = moment.oracle
        guard let incarnation = oracle.incarnation(founding.node) else { return nil }
        exercised = ["M11"]
        if !incarnation.founds, let reason = lacksMajority(incarnation, at: founding.time, oracle) { return reason }
        if !incarnation.founds, let reason = refounds(founding, moment) { return reason }
        let isFair =
            uncleanAt < incarnation.startedAt
            && !oracle.disturbances.contains { disturbance in
                switch disturbance.kind {
                case .start, .kill, .leave, .downCommand, .selfStop, .forgetting: false
                case .freeze, .thaw, .cut, .heal, .shape, .reset, .sick, .narrow:
                    disturbance.settled > incarnation.startedAt
                }
            }
        guard isFair else { return nil }
        let other = moment.members.first { state in
            guard state.node != incarnation.node, let other = oracle.incarnation(state.node),
                oracle.seeds.contains(other.number),
                let status = latest[state.node]?.member(state.node)?.status
            else { return false }
            return status != .down
        }
        return other.map { "it founded a second cluster beside \(moment.name($0.node))" }
    }

    private func refounds(_ founding: StepTrace, _ moment: ClusterMoment) -> String? {
        guard let id = founding.after.cluster else { return nil }
        let member = moment.members.first { state in
            guard state.node != founding.node, state.gossip.cluster == id,
                let status = state.gossip.status(of: state.node),
                let incarnation = moment.oracle.incarnation(state.node)
            else { return false }
            return status < .exiting && incarnation.isSteady(at: moment.time) && state.gossip.unreachable.isEmpty
                && state.gossip.founding != founding.after.founding
        }
        return member.map { "it founded again the cluster in which \(moment.name($0.node)) is" }
    }

    private func lacksMajority(_ incarnation: Oracle.Incarnation, at time: Instant, _ oracle: Oracle) -> String? {
        guard oracle.seeds.contains(incarnation.number) else { return "it founded a cluster, and is no seed" }
        // A seed that has ended may have replied right before, also when its next incarnation has begun since.
        let free = oracle.newest.filter { seed in
            guard oracle.seeds.contains(seed.number) else { return false }
            return seed.node == incarnation.node || mayHaveReplied(seed, at: time, oracle)
                || oracle.predecessor(of: seed).map { mayHaveReplied($0, at: time, oracle) } ?? false
        }.count
        guard free * 2 <= oracle.seeds.count else { return nil }
        return "it founded a cluster with the word of \(free) of \(oracle.seeds.count) seeds at most"
    }

    private func mayHaveReplied(_ seed: Oracle.Incarnation, at time: Instant, _ oracle: Oracle) -> Bool {
        let hasEnded = seed.state == .killed || seed.state == .stopped
        return phases[seed.node] == .contacting && (!hasEnded || time - seed.since < oracle.settings.joinRetry)
    }

    private mutating func coexistence(_ moment: ClusterMoment) -> [Violation] {
        let ids = moment.members.compactMap { state in
            state.gossip.cluster.map { (state.node, id: $0, founding: state.gossip.founding) }
        }
        guard let first = ids.first,
            let other = ids.first(where: { $0.id != first.id || $0.founding != first.founding }),
            moment.oracle.isClean(at: moment.time, ignoringLeavers: true)
        else {
            twoSince = nil
            return []
        }
        let since = twoSince ?? moment.time
        twoSince = since
        guard moment.time - max(since, moment.oracle.lastFault) > moment.oracle.bounds.secondCluster else { return [] }
        return [
            Violation(
                id: "M11", subject: moment.name(other.0),
                text: "it is in another cluster than \(moment.name(first.0)), and has been since \(since)")
        ]
    }
}

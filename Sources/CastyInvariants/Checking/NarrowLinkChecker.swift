import CastyMembership
import CastyObservability
import CastyTestbed

/// R6: user traffic over a link with little bandwidth makes no node suspect another.
///
/// Precondition: nothing happened in this run except starts, departures, and links with at least
/// ``Oracle/leastBandwidth``; at least one link was narrowed.
struct NarrowLinks: InvariantChecker {
    static let ids = ["R6"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        guard oracle.isOnlyNarrow, oracle.hasNarrowed else { return [] }
        if moment.members.count > 1 { exercised = ["R6"] }
        return moment.steps.flatMap { step in
            step.events.compactMap { event in
                guard case .memberUnreachable = event.kind, let subject = event.subject,
                    let incarnation = oracle.incarnation(subject), incarnation.state == .running,
                    incarnation.leaveAskedAt == nil
                else { return nil }
                let text = "\(moment.name(step.node)) calls it unreachable, and only users' messages are in the way"
                return Violation(id: "R6", subject: moment.name(subject), text: text)
            }
        }
    }
}

import CastyMembership
import CastyObservability
import CastyTestbed

/// R6: however much users send over however narrow a link, nobody is suspected for it.
///
/// Precondition: nothing was done in this run but starts, goodbyes, and links that carry ``Oracle/leastBandwidth`` at least; one was made narrow.
struct NarrowLinks: InvariantChecker {
    static let ids = ["R6"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        guard oracle.isOnlyNarrow, oracle.hasNarrowed else { return [] }
        if moment.members.count > 1 { exercised = ["R6"] }
        return moment.sightings.flatMap { sighting in
            sighting.events.compactMap { event in
                guard case .memberUnreachable = event.kind, let subject = event.subject,
                    let life = oracle.life(subject), life.state == .running, life.leaveAskedAt == nil
                else { return nil }
                let text = "\(moment.name(sighting.node)) calls it unreachable, and only users' messages are in the way"
                return Violation(id: "R6", subject: moment.name(subject), text: text)
            }
        }
    }
}

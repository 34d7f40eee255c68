import CastyCore
import CastyMembership
import CastyObservability

extension MembershipEvent {
    /// The kind of the event in the event feed.
    var eventKind: EventKind {
        switch kind {
        case .memberJoining: .memberJoining
        case .memberWeaklyUp: .memberWeaklyUp
        case .memberUp: .memberUp
        case .memberLeaving: .memberLeaving
        case .memberExiting: .memberExiting
        case .memberDown: .memberDown
        case .memberRemoved: .memberRemoved
        case .suspected: .suspected
        case .memberUnreachable: .memberUnreachable
        case .memberReachable: .memberReachable
        case .leaderChanged: .leaderChanged
        case .converged: .converged
        case .downingDecision: .downingDecision
        case .secondCluster: .secondCluster
        }
    }

    /// The node that the event was learned from, where that is another node.
    var source: UniqueAddress? {
        switch cause {
        case .welcome(let from, _), .gossip(let from, _), .goneNotice(let from), .probe(let from): from
        case .start, .join, .command, .leaderAction, .overdue, .silence, .heartbeat, .downing, .newIncarnation: nil
        }
    }

    /// Why it happened, in a few words.
    func reason(_ name: (UniqueAddress) -> String) -> String? {
        if case .suspected(let phi, let silence) = kind { return Self.phi(phi, silence) }
        if case .downingDecision(let decision) = kind { return decision.reason }
        switch cause {
        case .start: return "start"
        case .join: return "join"
        case .welcome(let from, let version): return "welcome by \(name(from)), v\(version)"
        case .gossip(let from, let version): return "gossip v\(version) from \(name(from))"
        case .command: return "command"
        case .leaderAction(let version): return "leader, v\(version)"
        case .overdue(let version): return "leader, v\(version), without agreement after the deadline"
        case .silence(let phi, let silence): return Self.phi(phi, silence)
        case .heartbeat: return "heartbeat"
        case .downing: return "downing"
        case .newIncarnation: return "a new incarnation took its place"
        case .goneNotice(let from): return "\(name(from)) says it is gone"
        case .probe: return "probe"
        }
    }

    /// Further details for a person.
    func text(_ name: (UniqueAddress) -> String) -> String? {
        switch kind {
        case .memberUp(let number): return "number \(number)"
        case .memberRemoved(let last): return "was \(last)"
        case .memberUnreachable(let observers, let witness):
            let seers = "observed by " + observers.map(name).joined(separator: ",")
            return witness.map { "\(seers); \(name($0)) still reaches it" } ?? seers
        case .converged(let version): return "v\(version)"
        case .secondCluster(let own, let other):
            let end = own.ends(before: other) ? "this one ends" : "that one ends"
            return "cluster \(other.id) of \(other.size) beside this one, \(own.id) of \(own.size): \(end)"
        case .downingDecision(let decision):
            return decision.down.isEmpty ? "down none" : "down " + decision.down.map(name).joined(separator: ",")
        case .memberJoining, .memberWeaklyUp, .memberLeaving, .memberExiting, .memberDown, .suspected, .memberReachable,
            .leaderChanged:
            return nil
        }
    }

    private static func phi(_ phi: Double, _ silence: Duration) -> String {
        "phi \(Self.tenths(phi)), silent \(Self.tenths(silence.inSeconds)) s"
    }

    /// A number with one digit after the point, written without a formatter.
    static func tenths(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// The event for subscribers; `nil` for events that only the feed carries.
    var news: ClusterEvent? {
        switch kind {
        case .memberJoining: return member.map { .memberJoined($0) }
        case .memberWeaklyUp: return member.map { .memberWeaklyUp($0) }
        case .memberUp: return member.map { .memberUp(MemberUp(member: $0)) }
        case .memberLeaving: return member.map { .memberLeaving($0) }
        case .memberExiting: return member.map { .memberExiting($0) }
        case .memberDown: return member.map { .memberDown($0) }
        case .memberRemoved(let last): return subject.map { .memberLeft(MemberLeft(node: $0, lastStatus: last)) }
        case .memberUnreachable(let observers, _):
            return subject.map { .unreachableMember(UnreachableMember(node: $0, observers: observers)) }
        case .memberReachable: return subject.map { .reachableMember(ReachableMember(node: $0)) }
        case .leaderChanged: return .leaderChanged(subject)
        case .suspected, .converged, .downingDecision, .secondCluster: return nil
        }
    }
}

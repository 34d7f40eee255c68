import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// F2: no node suspects itself, and no node suspects a removed one.
struct NoSelfSuspicion: InvariantChecker {
    static let ids = ["F2"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found = moment.views.filter { view in
            view.membership.peers.contains { $0.node == view.node }
                || view.membership.reachability.contains { $0.observer == $0.subject }
        }.map { Violation(id: "F2", subject: $0.name, text: "a node suspects itself in its view") }
        for sighting in moment.sightings {
            // One step may mark a member and then remove it: only removals before the mark count.
            var removed = Set(sighting.before.tombstones.map(\.node))
            for event in sighting.events {
                guard let subject = event.subject else { continue }
                switch event.kind {
                case .suspected, .memberUnreachable:
                    exercised = ["F2"]
                    guard subject == sighting.node || removed.contains(subject) else { continue }
                    found.append(
                        Violation(
                            id: "F2", subject: moment.name(sighting.node),
                            text: "it suspects \(moment.name(subject)), which it should not"))
                case .memberRemoved: removed.insert(subject)
                case .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberDown,
                    .memberReachable, .leaderChanged, .converged, .downingDecision, .secondCluster:
                    break
                }
            }
        }
        return found
    }
}

/// F3: phi never decreases between two heartbeats; it is a number, and not negative.
struct GrowingPhi: InvariantChecker {
    static let ids = ["F3"]

    private var latest: [NodePair: PeerSnapshot] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        var present: [NodePair: PeerSnapshot] = [:]
        for view in moment.views {
            for peer in view.membership.peers {
                let pair = NodePair(observer: view.node, subject: peer.node)
                present[pair] = peer
                if !peer.phi.isFinite || peer.phi < 0 {
                    found.append(
                        Violation(id: "F3", subject: view.name, text: "its phi for \(peer.name) is \(peer.phi)"))
                }
                guard let before = latest[pair], before.lastHeartbeat == peer.lastHeartbeat,
                    before.samples == peer.samples, before.mean == peer.mean
                else { continue }
                if peer.phi > before.phi { exercised = ["F3"] }
                guard peer.phi < before.phi else { continue }
                found.append(
                    Violation(
                        id: "F3", subject: view.name,
                        text: "its phi for \(peer.name) fell from \(before.phi) to \(peer.phi) without a heartbeat"))
            }
        }
        latest = present
        return found
    }
}

/// An observer and the node that it observes.
struct NodePair: Hashable {
    let observer: UniqueAddress
    let subject: UniqueAddress
}

/// F4: as long as a peer has not been silent for longer than the mean interval, its phi is below 1.
///
/// Precondition: the observer's clock shows the runtime's time, in which its view is dated.
struct CalmPhi: InvariantChecker {
    static let ids = ["F4"]

    private var latest: [NodePair: Instant] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for view in moment.views where moment.hasTrueTime(view.node) {
            for peer in view.membership.peers {
                guard let heard = peer.lastHeartbeat else { continue }
                let pair = NodePair(observer: view.node, subject: peer.node)
                let isNew = latest.updateValue(heard, forKey: pair).map { $0 != heard } ?? false
                guard view.time - heard <= peer.mean else { continue }
                // Another heartbeat has arrived in time since the previous check.
                if isNew { exercised = ["F4"] }
                guard peer.phi >= 1 else { continue }
                found.append(
                    Violation(
                        id: "F4", subject: view.name,
                        text: "its phi for \(peer.name) is \(peer.phi), \(view.time - heard) after a heartbeat"))
            }
        }
        return found
    }
}

/// F5: a detector stores at most its configured number of intervals, none of them is empty, and the gap of an outage is
/// not among them.
///
/// The gap is checked if the observer's deadline had passed at the previous check and a heartbeat has arrived since.
/// For that, the observer's clock has to show the runtime's time, in which its view is dated.
struct BoundedWindow: InvariantChecker {
    static let ids = ["F5"]

    private var latest: [NodePair: (peer: PeerSnapshot, time: Instant)] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        var present: [NodePair: (peer: PeerSnapshot, time: Instant)] = [:]
        let (most, pause) = (max(moment.oracle.settings.samples, 2), moment.oracle.settings.pause.inSeconds)
        for view in moment.views {
            func fail(_ peer: PeerSnapshot, _ what: String) {
                found.append(Violation(id: "F5", subject: view.name, text: "its window for \(peer.name) \(what)"))
            }
            for peer in view.membership.peers {
                let pair = NodePair(observer: view.node, subject: peer.node)
                present[pair] = (peer, view.time)
                if peer.samples > most { fail(peer, "has \(peer.samples) intervals, of \(most)") }
                if peer.mean <= .zero || peer.deviation <= .zero { fail(peer, "has empty intervals") }
                guard moment.hasTrueTime(view.node), let before = latest[pair],
                    let deadline = before.peer.suspicionDeadline, deadline <= before.time,
                    peer.lastHeartbeat != before.peer.lastHeartbeat, peer.samples >= before.peer.samples
                else { continue }
                exercised = ["F5"]
                // Other intervals in the tenth of a second between two checks can raise the sum by little more than
                // that.
                let raised = (peer.mean - before.peer.mean).inSeconds * Double(peer.samples)
                if pause > 0.5, raised > 0.5 * pause {
                    fail(peer, "has learnt the gap of an outage: its mean is \(peer.mean)")
                }
            }
        }
        latest = present
        return found
    }
}

import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// F2: no node suspects itself, and no node suspects a removed one.
struct NoSelfSuspicion: InvariantChecker {
    static let ids = ["F2"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found =
            !moment.changes.gossip
            ? []
            : moment.views.filter { view in
                view.reachability.contains { $0.observer == $0.subject }
            }.map { Violation(id: "F2", subject: $0.name, text: "a node suspects itself in its view") }
        for step in moment.steps {
            // One step may mark a member and then remove it: only removals before the mark count.
            var removed = Set(step.before.tombstones.map(\.node))
            for event in step.events {
                guard let subject = event.subject else { continue }
                switch event.kind {
                case .suspected, .memberUnreachable:
                    exercised = ["F2"]
                    guard subject == step.node || removed.contains(subject) else { continue }
                    found.append(
                        Violation(
                            id: "F2", subject: moment.name(step.node),
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

/// F2: no node monitors itself.
struct NoSelfMonitoring: InvariantChecker {
    static let ids = ["F2"]
    static let subject = CheckedSubject.detection

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        if moment.views.contains(where: { !$0.peers.isEmpty }) { exercised = ["F2"] }
        return moment.views.filter { view in view.peers.contains { $0.node == view.node } }
            .map { Violation(id: "F2", subject: $0.name, text: "a node monitors itself") }
    }
}

/// The peers in the nodes' views of the previous moment.
///
/// Peers are compared by their position as long as a node monitors the same ones: looking each pair up would cost more
/// than the checks.
private struct EarlierPeers {
    struct Peer {
        let before: PeerSnapshot?
        let now: PeerSnapshot
    }

    private var latest: [UniqueAddress: (peers: [PeerSnapshot], time: Instant)] = [:]

    /// The time of the previous moment by a node's own clock.
    func time(of view: NodeView) -> Instant? { latest[view.node]?.time }

    /// Each peer of a node, beside what the same incarnation of that peer was at the previous moment.
    func pairs(_ view: NodeView) -> [Peer] {
        let earlier = latest[view.node]?.peers ?? []
        return view.peers.enumerated().map { index, peer in
            if index < earlier.count, earlier[index].node == peer.node {
                return Peer(before: earlier[index], now: peer)
            }
            return Peer(before: earlier.first { $0.node == peer.node }, now: peer)
        }
    }

    /// Takes in a moment.
    mutating func note(_ moment: ClusterMoment) {
        latest = Dictionary(uniqueKeysWithValues: moment.views.map { ($0.node, ($0.peers, $0.time)) })
    }
}

/// F3: phi never decreases between two heartbeats; it is a number, and not negative.
struct GrowingPhi: InvariantChecker {
    static let ids = ["F3"]

    static let subject = CheckedSubject.detection

    private var earlier = EarlierPeers()
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for view in moment.views {
            for pair in earlier.pairs(view) {
                let peer = pair.now
                if !peer.phi.isFinite || peer.phi < 0 {
                    found.append(
                        Violation(id: "F3", subject: view.name, text: "its phi for \(peer.name) is \(peer.phi)"))
                }
                guard let before = pair.before, before.lastHeartbeat == peer.lastHeartbeat,
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
        earlier.note(moment)
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

    static let subject = CheckedSubject.detection

    private var earlier = EarlierPeers()
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for view in moment.views where moment.hasTrueTime(view.node) {
            for pair in earlier.pairs(view) {
                let peer = pair.now
                guard let heard = peer.lastHeartbeat, view.time - heard <= peer.mean else { continue }
                // Another heartbeat has arrived in time since the previous check.
                if let before = pair.before?.lastHeartbeat, before != heard { exercised = ["F4"] }
                guard peer.phi >= 1 else { continue }
                found.append(
                    Violation(
                        id: "F4", subject: view.name,
                        text: "its phi for \(peer.name) is \(peer.phi), \(view.time - heard) after a heartbeat"))
            }
        }
        earlier.note(moment)
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

    static let subject = CheckedSubject.detection

    private var earlier = EarlierPeers()
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        let (most, pause) = (max(moment.oracle.settings.samples, 2), moment.oracle.settings.pause.inSeconds)
        for view in moment.views {
            func fail(_ peer: PeerSnapshot, _ what: String) {
                found.append(Violation(id: "F5", subject: view.name, text: "its window for \(peer.name) \(what)"))
            }
            let (time, hasTrueTime) = (earlier.time(of: view), moment.hasTrueTime(view.node))
            for pair in earlier.pairs(view) {
                let peer = pair.now
                if peer.samples > most { fail(peer, "has \(peer.samples) intervals, of \(most)") }
                if peer.mean <= .zero || peer.deviation <= .zero { fail(peer, "has empty intervals") }
                guard hasTrueTime, let before = pair.before, let time,
                    let deadline = before.suspicionDeadline, deadline <= time,
                    peer.lastHeartbeat != before.lastHeartbeat, peer.samples >= before.samples
                else { continue }
                exercised = ["F5"]
                // Other intervals in the 0.3 s between two checks at most can raise the sum by little more than
                // that.
                let raised = (peer.mean - before.mean).inSeconds * Double(peer.samples)
                if pause > 0.5, raised > 0.5 * pause {
                    fail(peer, "has learnt the gap of an outage: its mean is \(peer.mean)")
                }
            }
        }
        earlier.note(moment)
        return found
    }
}

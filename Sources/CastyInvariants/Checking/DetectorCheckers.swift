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
/// Nodes and peers are found by their position as long as they are the same ones: looking each of them up would cost
/// more than the checks.
private struct EarlierPeers {
    /// The peers of one node, and its own time.
    struct Peers {
        let node: UniqueAddress
        let time: Instant
        let peers: [PeerSnapshot]
    }

    private var latest: [Peers] = []

    /// What the same incarnation showed at the previous moment.
    func peers(of view: NodeView, at position: Int) -> Peers? {
        if position < latest.count, latest[position].node == view.node { return latest[position] }
        return latest.first { $0.node == view.node }
    }

    /// The index among earlier peers of the same incarnation of a peer.
    static func index(of peer: UniqueAddress, in earlier: [PeerSnapshot], near position: Int) -> Int? {
        if position < earlier.count, earlier[position].node == peer { return position }
        return earlier.firstIndex { $0.node == peer }
    }

    /// Takes in a moment.
    mutating func note(_ moment: ClusterMoment) {
        latest = moment.views.map { Peers(node: $0.node, time: $0.time, peers: $0.peers) }
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
        for (position, view) in moment.views.enumerated() {
            let (peers, former) = (view.peers, earlier.peers(of: view, at: position)?.peers ?? [])
            for index in peers.indices {
                let phi = peers[index].phi
                if !phi.isFinite || phi < 0 {
                    found.append(
                        Violation(id: "F3", subject: view.name, text: "its phi for \(peers[index].name) is \(phi)"))
                }
                guard let before = EarlierPeers.index(of: peers[index].node, in: former, near: index),
                    former[before].lastHeartbeat == peers[index].lastHeartbeat,
                    former[before].samples == peers[index].samples, former[before].mean == peers[index].mean
                else { continue }
                let earlierPhi = former[before].phi
                if phi > earlierPhi { exercised = ["F3"] }
                guard phi < earlierPhi else { continue }
                found.append(
                    Violation(
                        id: "F3", subject: view.name,
                        text: "its phi for \(peers[index].name) fell from \(earlierPhi) to \(phi) without a heartbeat"))
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
        for (position, view) in moment.views.enumerated() where moment.hasTrueTime(view.node) {
            let (peers, former) = (view.peers, earlier.peers(of: view, at: position)?.peers ?? [])
            for index in peers.indices {
                guard let heard = peers[index].lastHeartbeat, view.time - heard <= peers[index].mean else { continue }
                // Another heartbeat has arrived in time since the previous check.
                if let before = EarlierPeers.index(of: peers[index].node, in: former, near: index),
                    let last = former[before].lastHeartbeat, last != heard
                {
                    exercised = ["F4"]
                }
                guard peers[index].phi >= 1 else { continue }
                let (name, phi) = (peers[index].name, peers[index].phi)
                found.append(
                    Violation(
                        id: "F4", subject: view.name,
                        text: "its phi for \(name) is \(phi), \(view.time - heard) after a heartbeat"))
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
        for (position, view) in moment.views.enumerated() {
            let (peers, last) = (view.peers, earlier.peers(of: view, at: position))
            let (former, hasTrueTime) = (last?.peers ?? [], moment.hasTrueTime(view.node))
            for index in peers.indices {
                func fail(_ what: String) {
                    let text = "its window for \(peers[index].name) \(what)"
                    found.append(Violation(id: "F5", subject: view.name, text: text))
                }
                let (samples, mean) = (peers[index].samples, peers[index].mean)
                if samples > most { fail("has \(samples) intervals, of \(most)") }
                if mean <= .zero || peers[index].deviation <= .zero { fail("has empty intervals") }
                guard hasTrueTime, let last,
                    let before = EarlierPeers.index(of: peers[index].node, in: former, near: index),
                    let deadline = former[before].suspicionDeadline, deadline <= last.time,
                    peers[index].lastHeartbeat != former[before].lastHeartbeat, samples >= former[before].samples
                else { continue }
                exercised = ["F5"]
                // Other intervals in the 0.3 s between two checks at most can raise the sum by little more than
                // that.
                let raised = (mean - former[before].mean).inSeconds * Double(samples)
                if pause > 0.5, raised > 0.5 * pause {
                    fail("has learnt the gap of an outage: its mean is \(mean)")
                }
            }
        }
        earlier.note(moment)
        return found
    }
}

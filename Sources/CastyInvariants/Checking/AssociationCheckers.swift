import CastyCore
import CastyObservability
import CastyRemoting
import CastyTestbed

/// R8: what a node stores about a peer is removed when the peer is, and no non-member replaces a member.
///
/// - Suppose an address belongs to no member, and nothing has run there since. An association with it is removed within
///   a little more than ten times the idle timeout of associations, or at most twice that: for that time messages to
///   the removed node are lost at once. Seeds are contacted continuously and are left out.
/// - In a quiet cluster a node has an association with every peer that it monitors.
///
/// Precondition of the first rule: the node runs at full speed the whole time.
struct EndingAssociations: InvariantChecker {
    static let ids = ["R8"]
    static let subject = CheckedSubject.detection

    private static let bound = RemotingSettings().associationIdle * 22

    private struct Pair: Hashable {
        let viewer: UniqueAddress
        let address: NodeAddress
    }

    /// Since when an address has been dead and belongs to no member, from the viewpoint of a node that knew it.
    private var since: [Pair: Instant] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        var present: [Pair: Instant] = [:]
        let dead = moment.oracle.newest.filter { incarnation in
            let isGone = incarnation.state == .killed || incarnation.state == .stopped
            return isGone && !moment.oracle.seeds.contains(incarnation.number)
        }
        for view in moment.views where view.state == .running {
            guard let viewer = moment.oracle.incarnation(view.node), viewer.isSteady(at: moment.time) else { continue }
            for incarnation in dead {
                let address = incarnation.node.address
                guard !view.members.contains(where: { $0.node.address == address }) else { continue }
                let pair = Pair(viewer: view.node, address: address)
                let start = max(since[pair] ?? moment.time, viewer.steadySince)
                present[pair] = start
                guard moment.time - start > Self.bound else { continue }
                exercised = ["R8"]
                guard view.associations.contains(where: { $0.peer == address }) else { continue }
                found.append(
                    Violation(
                        id: "R8", subject: view.name,
                        text: "it still has an association with \(incarnation.name), which is gone since \(start)"))
            }
            guard moment.isSettled else { continue }
            for peer in view.peers
            where !view.associations.contains(where: { $0.peer == peer.node.address }) {
                found.append(
                    Violation(id: "R8", subject: view.name, text: "it has no association with its peer \(peer.name)"))
            }
        }
        since = present
        return found
    }
}

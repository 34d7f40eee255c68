import CastyCore
import CastyObservability
import CastyRemoting
import CastyTestbed

/// R8: what a node keeps of others ends with them, and no stranger takes a member's place.
///
/// - An association with a place that is no member any more, and where nothing has run since, is gone within a little more than ten times the
///   time after which idle ones are forgotten, up to twice: so long messages for the removed are lost at once. Seeds are looked for all the time and
///   are left out.
/// - In a quiet cluster a node has an association with every peer that it monitors.
///
/// Precondition of the first: the node runs at its own speed all the while.
struct EndingAssociations: InvariantChecker {
    static let ids = ["R8"]

    private static let bound = RemotingSettings().associationIdle * 22

    private struct Pair: Hashable {
        let viewer: UniqueAddress
        let place: NodeAddress
    }

    /// Since when a place has been dead, and none of a member, for one who knew it.
    private var since: [Pair: Instant] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        var present: [Pair: Instant] = [:]
        let dead = moment.oracle.newest.filter { life in
            let isGone = life.state == .killed || life.state == .stopped
            return isGone && !moment.oracle.seeds.contains(life.number)
        }
        for view in moment.views where view.state == .running {
            guard let viewer = moment.oracle.life(view.node), viewer.isSteady(at: moment.time) else { continue }
            for life in dead {
                let place = life.node.address
                guard !view.membership.members.contains(where: { $0.node.address == place }) else { continue }
                let pair = Pair(viewer: view.node, place: place)
                let start = max(since[pair] ?? moment.time, viewer.steadySince)
                present[pair] = start
                guard moment.time - start > Self.bound else { continue }
                exercised = ["R8"]
                guard view.associations.contains(where: { $0.peer == place }) else { continue }
                found.append(
                    Violation(
                        id: "R8", subject: view.name,
                        text: "it still has an association with \(life.name), which is gone since \(start)"))
            }
            guard moment.isSettled else { continue }
            for peer in view.membership.peers
            where !view.associations.contains(where: { $0.peer == peer.node.address }) {
                found.append(
                    Violation(id: "R8", subject: view.name, text: "it has no association with its peer \(peer.name)"))
            }
        }
        since = present
        return found
    }
}

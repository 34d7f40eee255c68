package import CastyCore

/// The input of a downing strategy: the members, and which cannot reach which, as one node sees them.
package struct DowningView: Hashable, Sendable {
    /// The node that decides.
    package let myself: UniqueAddress
    /// The members that are neither down nor exiting, sorted.
    package let members: [Member]
    /// The members that were declared down and are not removed yet, sorted. Not all that stay may know of it, and on
    /// another side of a split possibly none. So their votes still count, and never for the side that decides.
    package let lost: [Member]
    /// Those of ``lost`` that have said themselves that they have ended, sorted: they are on no side, so their votes
    /// are not counted at all.
    ///
    /// Two sides cannot both win by that, even if only one of them knows of it: without those that have ended, each
    /// side needs more than half of at least all others.
    package let ended: [UniqueAddress]
    /// Whether changes in progress are ignored: a mutation.
    package var ignoresChanges = false
    /// The members that at least one member cannot reach, sorted.
    package let unreachable: [UniqueAddress]
    /// The unreachable members that messages still reach through other members, sorted; the deciding node may be among
    /// them.
    package let indirect: [UniqueAddress]
    /// Which members cannot reach which, sorted by observer and subject.
    package let rows: [Row]

    /// One observer that cannot reach one subject.
    package struct Row: Hashable, Sendable {
        package let observer: UniqueAddress
        package let subject: UniqueAddress

        package init(observer: UniqueAddress, subject: UniqueAddress) {
            self.observer = observer
            self.subject = subject
        }
    }

    package init(
        myself: UniqueAddress, members: [Member], unreachable: [UniqueAddress], indirect: [UniqueAddress] = [],
        rows: [Row] = [], ended: [UniqueAddress] = []
    ) {
        self.myself = myself
        lost = members.filter { $0.status == .down && $0.node != myself }
            .sortedUniquely(by: \.node) { first, _ in first }
        self.ended = lost.map(\.node).filter(ended.contains)
        let members = members.filter { $0.status != .down && $0.status != .exiting }
            .sortedUniquely(by: \.node) { first, _ in first }
        self.members = members
        let others = unreachable.filter { $0 != myself && members.sortedElement(of: $0, by: \.node) != nil }.sorted()
        self.unreachable = others
        self.indirect = indirect.filter { others.sortedContains($0) || $0 == myself }.sorted()
        self.rows = rows
    }

    /// Creates the view of a gossip.
    ///
    /// A subject that has seen the version in which it is marked unreachable still gets messages. So it is not cut off;
    /// only its link to some observer is.
    package init(_ gossip: Gossip, myself: UniqueAddress) {
        let members = gossip.members.filter { $0.status != .down && $0.status != .exiting }
        let unreachable = gossip.unreachable
        var rows: [Row] = []
        func counts(_ node: UniqueAddress) -> Bool { members.sortedElement(of: node, by: \.node) != nil }
        for observer in gossip.reachability where counts(observer.observer) {
            for row in observer.rows where counts(row.subject) {
                rows.append(Row(observer: observer.observer, subject: row.subject))
            }
        }
        let indirect = unreachable.filter { node in
            gossip.seen.sortedContains(node)
                && !gossip.reachability.contains {
                    $0.rows.contains { $0.subject == node && $0.verdict == .terminated }
                }
        }
        self.init(
            myself: myself, members: gossip.members, unreachable: unreachable, indirect: indirect, rows: rows,
            ended: gossip.members.map(\.node).filter(gossip.hasEnded))
    }
}

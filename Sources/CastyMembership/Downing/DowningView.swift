package import CastyCore

/// What a downing strategy looks at: the members, and who cannot reach whom, as one node sees them.
package struct DowningView: Hashable, Sendable {
    /// The node that decides.
    package let myself: UniqueAddress
    /// The members that are neither down nor exiting, sorted.
    package let members: [Member]
    /// The members that were declared down and are not removed yet, sorted. Not all that stay may know of it, and on another side
    /// of a split nobody may: so their votes still count, and never for the side that decides.
    package let lost: [Member]
    /// Whether changes under way are not reckoned with: a mutation.
    package var ignoresChanges = false
    /// Those among the members that somebody cannot reach, sorted.
    package let unreachable: [UniqueAddress]
    /// Those among the unreachable that messages get through to all the same, by way of others, sorted.
    package let indirect: [UniqueAddress]
    /// Who cannot reach whom among the members, sorted by observer and subject.
    package let rows: [Row]

    /// One observer's complaint about one subject.
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
        rows: [Row] = []
    ) {
        self.myself = myself
        lost = members.filter { $0.status == .down && $0.node != myself }
            .sortedUniquely(by: \.node) { first, _ in first }
        let members = members.filter { $0.status != .down && $0.status != .exiting }
            .sortedUniquely(by: \.node) { first, _ in first }
        self.members = members
        let others = unreachable.filter { $0 != myself && members.sortedElement(of: $0, by: \.node) != nil }.sorted()
        self.unreachable = others
        self.indirect = indirect.filter { others.sortedContains($0) || $0 == myself }.sorted()
        self.rows = rows
    }

    /// The view that a gossip gives.
    ///
    /// A subject that has seen the very version in which it is called unreachable still gets messages, so it is not cut
    /// off; only its link to some observer is.
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
        self.init(myself: myself, members: gossip.members, unreachable: unreachable, indirect: indirect, rows: rows)
    }
}

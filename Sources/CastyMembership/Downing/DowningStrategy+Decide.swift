import CastyCore

extension DowningStrategy {
    /// Decides which members go in a view. The same function serves the decision, the preview on a screen, the lease
    /// and the tests.
    ///
    /// - Parameter holdsLease: Whether the lease outside the cluster was granted, where the strategy uses one; `nil`
    ///   before it answers.
    package func decide(_ view: DowningView, holdsLease: Bool? = nil) -> DowningDecision {
        if view.unreachable.isEmpty, view.indirect.isEmpty { return keepAll(.nothingUnreachable) }
        let camp = Camp(view)
        switch self {
        case .manual: return keepAll(.manual)
        case .downAll:
            return DowningDecision(
                kind: .downAll, down: view.members.map(\.node), reason: .split)
        case .keepMajority(let role): return camp.keepMajority(role: role)
        case .staticQuorum(let size, let role): return camp.staticQuorum(size: size, role: role)
        case .keepOldest(let downIfAlone, let role): return camp.keepOldest(downIfAlone: downIfAlone, role: role)
        case .leaseMajority(let role): return camp.leaseMajority(role: role, isGranted: holdsLease)
        }
    }

    private func keepAll(_ reason: DowningReason) -> DowningDecision {
        DowningDecision(kind: .keepAll, down: [], reason: reason)
    }
}

/// The members in two groups: those that would stay with the deciding node, and the rest.
struct Camp {
    let all: [Member]
    let lost: [Member]
    /// Those of the lost that are on no side.
    let ended: [UniqueAddress]
    /// Whether changes in progress are ignored: a mutation.
    let ignoresChanges: Bool
    /// Reachable members, minus those dropped because they cannot reach another one that stays.
    let kept: [UniqueAddress]
    /// All members that the deciding node still hears of, directly or not.
    let near: [UniqueAddress]
    let hasDropped: Bool

    init(_ view: DowningView) {
        all = view.members
        lost = view.lost
        ended = view.ended
        ignoresChanges = view.ignoresChanges
        let near = view.members.filter {
            !view.unreachable.sortedContains($0.node) || view.indirect.sortedContains($0.node)
        }
        self.near = near.map(\.node)
        // Among the members that still hear of each other a few links are cut. The member with the most cut links is
        // dropped first, of equals the youngest, until the remaining members all reach each other.
        var cuts = Self.cuts(among: self.near, view.rows)
        var dropped: [Int] = []
        while !cuts.isEmpty {
            var counts = Array(repeating: 0, count: near.count)
            for cut in cuts {
                counts[cut.one] += 1
                counts[cut.other] += 1
            }
            let most = counts.max()
            let worst = counts.indices.filter { counts[$0] == most }
            guard let youngest = worst.max(by: { near[$0].isOlder(than: near[$1]) }) else { break }
            cuts.removeAll { $0.one == youngest || $0.other == youngest }
            dropped.append(youngest)
        }
        kept = near.indices.filter { !dropped.contains($0) }.map { near[$0].node }
        hasDropped = !dropped.isEmpty
    }

    /// The pairs of indices of which one cannot reach the other; each once, even if neither reaches the other.
    private static func cuts(
        among nodes: [UniqueAddress], _ rows: [DowningView.Row]
    ) -> [(one: Int, other: Int)] {
        func index(_ node: UniqueAddress) -> Int? {
            let index = nodes.sortedIndex(of: node) { $0 }
            return index < nodes.count && nodes[index] == node ? index : nil
        }
        var cuts: [(one: Int, other: Int)] = []
        for row in rows {
            guard let observer = index(row.observer), let subject = index(row.subject), observer != subject else {
                continue
            }
            cuts.append((min(observer, subject), max(observer, subject)))
        }
        cuts.sort { $0.one != $1.one ? $0.one < $1.one : $0.other < $1.other }
        var unique: [(one: Int, other: Int)] = []
        for cut in cuts where unique.last.map({ $0 != cut }) ?? true { unique.append(cut) }
        return unique
    }

    /// The members that have a vote in this view, sorted. Those declared down are among them, and count for no side
    /// that decides; those that have ended by their own word are not.
    ///
    /// Only a member that became up has a vote: a joiner that leaves at once has none, even if it believes that it has.
    func voters(_ role: String?) -> [Member] {
        let voters = (all + lost).filter { $0.hasVote && hasRole($0, role) && !ended.sortedContains($0.node) }
        return voters.sorted { $0.node < $1.node }
    }

    func stay(_ reason: DowningReason) -> DowningDecision {
        DowningDecision(
            kind: hasDropped ? .downIndirectlyConnected : .downUnreachable,
            down: all.map(\.node).filter { !kept.sortedContains($0) }, reason: reason)
    }

    func go(_ reason: DowningReason) -> DowningDecision {
        DowningDecision(kind: near.count == all.count ? .downAll : .downReachable, down: near, reason: reason)
    }
}

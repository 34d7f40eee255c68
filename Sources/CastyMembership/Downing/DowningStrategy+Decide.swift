import CastyCore

extension DowningStrategy {
    /// Who goes in a view. One function for the decision, for the "what if" on a screen, for the lease and for the
    /// tests.
    ///
    /// - Parameter holdsLease: What the lease outside the cluster has answered, where a strategy asks it; `nil` before that.
    package func decide(_ view: DowningView, holdsLease: Bool? = nil) -> DowningDecision {
        if view.unreachable.isEmpty, view.indirect.isEmpty { return keepAll("nobody is unreachable") }
        let camp = Camp(view)
        switch self {
        case .manual: return keepAll("manual: a person decides")
        case .downAll:
            return DowningDecision(
                kind: .downAll, down: view.members.map(\.node), reason: "down-all: the cluster is split")
        case .keepMajority(let role): return camp.keepMajority(role: role)
        case .staticQuorum(let size, let role): return camp.staticQuorum(size: size, role: role)
        case .keepOldest(let downIfAlone, let role): return camp.keepOldest(downIfAlone: downIfAlone, role: role)
        case .leaseMajority(let role): return camp.leaseMajority(role: role, isGranted: holdsLease)
        }
    }

    private func keepAll(_ reason: String) -> DowningDecision {
        DowningDecision(kind: .keepAll, down: [], reason: reason)
    }
}

/// The members in two camps: those that would stay with the deciding node, and the rest.
struct Camp {
    let all: [Member]
    let lost: [Member]
    /// Whether changes under way are not reckoned with: a mutation.
    let ignoresChanges: Bool
    /// Reachable members, minus those dropped because they cannot reach another one that is kept.
    let kept: [UniqueAddress]
    /// Everyone the deciding node still hears of, directly or not.
    let near: [UniqueAddress]
    let hasDropped: Bool

    init(_ view: DowningView) {
        all = view.members
        lost = view.lost
        ignoresChanges = view.ignoresChanges
        let near = view.members.filter {
            !view.unreachable.sortedContains($0.node) || view.indirect.sortedContains($0.node)
        }
        self.near = near.map(\.node)
        // Among those that still hear of each other a few links are cut. Whoever has the most cut links goes first, of
        // equals the youngest, until those who stay all reach each other.
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

    /// The pairs, by their places, of which one complains about the other; each once, though both may.
    private static func cuts(
        among nodes: [UniqueAddress], _ rows: [DowningView.Row]
    ) -> [(one: Int, other: Int)] {
        func place(_ node: UniqueAddress) -> Int? {
            let index = nodes.sortedIndex(of: node) { $0 }
            return index < nodes.count && nodes[index] == node ? index : nil
        }
        var cuts: [(one: Int, other: Int)] = []
        for row in rows {
            guard let observer = place(row.observer), let subject = place(row.subject), observer != subject else {
                continue
            }
            cuts.append((min(observer, subject), max(observer, subject)))
        }
        cuts.sort { $0.one != $1.one ? $0.one < $1.one : $0.other < $1.other }
        var unique: [(one: Int, other: Int)] = []
        for cut in cuts where unique.last.map({ $0 != cut }) ?? true { unique.append(cut) }
        return unique
    }

    /// The members that have a vote in this view, sorted; those declared down are among them, and vote for no side that decides.
    ///
    /// Only a member that became up has one: a joiner that leaves at once has none, and may believe that it has.
    func voters(_ role: String?) -> [Member] {
        (all + lost).filter { $0.hasVote && hasRole($0, role) }.sorted { $0.node < $1.node }
    }

    func stay(_ reason: String) -> DowningDecision {
        DowningDecision(
            kind: hasDropped ? .downIndirectlyConnected : .downUnreachable,
            down: all.map(\.node).filter { !kept.sortedContains($0) }, reason: reason)
    }

    func go(_ reason: String) -> DowningDecision {
        DowningDecision(kind: near.count == all.count ? .downAll : .downReachable, down: near, reason: reason)
    }
}

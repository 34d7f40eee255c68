import CastyPrimitives

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
private struct Camp {
    let all: [Member]
    let lost: [Member]
    /// Reachable members, minus those dropped because they cannot reach another one that is kept.
    let kept: [UniqueAddress]
    /// Everyone the deciding node still hears of, directly or not.
    let near: [UniqueAddress]
    let hasDropped: Bool

    init(_ view: DowningView) {
        all = view.members
        lost = view.lost
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

    func voters(_ role: String?) -> [Member] {
        let living = all.filter(\.status.isVoting)
        return (living + lost.filter { $0.upNumber != nil })
            .filter { member in role.map { member.roles.contains($0) } ?? true }
            .sorted { $0.node < $1.node }
    }

    func stay(_ reason: String) -> DowningDecision {
        DowningDecision(
            kind: hasDropped ? .downIndirectlyConnected : .downUnreachable,
            down: all.map(\.node).filter { !kept.sortedContains($0) }, reason: reason)
    }

    func go(_ reason: String) -> DowningDecision {
        DowningDecision(kind: near.count == all.count ? .downAll : .downReachable, down: near, reason: reason)
    }

    func keepMajority(role: String?) -> DowningDecision {
        let voters = voters(role)
        guard let lowest = voters.first else { return go("keep-majority: nobody has a vote") }
        let mine = voters.count { kept.sortedContains($0.node) }
        let holdsLowest = kept.sortedContains(lowest.node)
        let wins = mine * 2 > voters.count || (mine * 2 == voters.count && holdsLowest)
        let count = "\(mine) of \(voters.count) votes"
        guard wins else { return go("keep-majority: only \(count) here") }
        guard isCertain(role: role, voters, holdsLowest: holdsLowest) else {
            return go("keep-majority: \(count) here, but changes under way may have reversed it")
        }
        return stay("keep-majority: \(count) stay" + (mine * 2 == voters.count ? ", with the lowest address" : ""))
    }

    /// With the leader on the other side, members may have become up or gone there that are not known to have here.
    /// Then the majority must hold whichever it was.
    private func isCertain(role: String?, _ voters: [Member], holdsLowest: Bool) -> Bool {
        guard let leader = all.first(where: { $0.status.isVoting }), !kept.sortedContains(leader.node) else {
            return true
        }
        let certain = voters.count { kept.sortedContains($0.node) && $0.status == .up }
        let possible = all.count { member in
            !kept.sortedContains(member.node) && (role.map { member.roles.contains($0) } ?? true)
        }
        return certain > possible || (certain == possible && holdsLowest)
    }

    func leaseMajority(role: String?, isGranted: Bool?) -> DowningDecision {
        let voters = voters(role)
        let mine = voters.count { kept.sortedContains($0.node) }
        guard let lowest = voters.first, mine > 0 else { return go("lease-majority: nobody here has a vote") }
        let count = "\(mine) of \(voters.count) votes"
        // Whoever has no vote does not ask, so there is nobody to be kept out.
        if mine == voters.count { return stay("lease-majority: \(count) stay, nobody else may ask") }
        if let isGranted {
            return isGranted
                ? stay("lease-majority: \(count) stay, with the lease")
                : go("lease-majority: \(count) here, but not the lease")
        }
        let holdsLowest = kept.sortedContains(lowest.node)
        let wins = mine * 2 > voters.count || (mine * 2 == voters.count && holdsLowest)
        let isLate = !wins || !isCertain(role: role, voters, holdsLowest: holdsLowest)
        return DowningDecision(
            kind: .claimLease(isLate: isLate), down: all.map(\.node).filter { !kept.sortedContains($0) },
            reason: "lease-majority: \(count) here, asks for the lease " + (isLate ? "after the others" : "at once"))
    }

    func staticQuorum(size: Int, role: String?) -> DowningDecision {
        let voters = voters(role)
        let mine = voters.count { kept.sortedContains($0.node) }
        if voters.count > 2 * size - 1 {
            return DowningDecision(
                kind: .downAll, down: all.map(\.node),
                reason: "static-quorum: \(voters.count) votes, both sides could have \(size)")
        }
        return mine >= size
            ? stay("static-quorum: \(mine) votes of \(size) needed")
            : go("static-quorum: only \(mine) votes of \(size) needed")
    }

    func keepOldest(downIfAlone: Bool, role: String?) -> DowningDecision {
        let voters = voters(role)
        guard let oldest = voters.max(by: { $1.isOlder(than: $0) }) else { return go("keep-oldest: nobody has a vote") }
        let isHere = kept.sortedContains(oldest.node)
        let beside = voters.count { kept.sortedContains($0.node) == isHere && $0.node != oldest.node }
        let apart = voters.count - beside - 1
        let isAlone = downIfAlone && beside == 0 && apart >= 2
        let name = oldest.node.address
        switch (isHere, isAlone) {
        case (true, false): return stay("keep-oldest: \(name) is here")
        case (false, true): return stay("keep-oldest: \(name) is alone there")
        case (true, true): return go("keep-oldest: \(name) is alone here")
        case (false, false): return go("keep-oldest: \(name) is there")
        }
    }
}

package import CastyCore
package import CastyMembership

/// Says who stays after a split, from the votes alone: written to be obviously right, and knows nothing of the
/// product's strategies but their names.
package struct SplitOracle {
    private let split: Split

    package init(_ split: Split) { self.split = split }

    /// Who stays; `nil` where nobody decides.
    package func survivors(_ strategy: DowningStrategy) -> [UniqueAddress]? {
        switch strategy {
        // What a lease decides does not follow from the votes.
        case .manual, .leaseMajority: nil
        case .downAll: []
        case .keepMajority(let role): majority(voters(role))
        case .staticQuorum(let size, let role): quorum(size, voters(role))
        case .keepOldest(let downIfAlone, let role): oldest(downIfAlone, voters(role))
        }
    }

    private func voters(_ role: String?) -> [Member] {
        split.members.filter { member in role.map { member.roles.contains($0) } ?? true }
    }

    private func count(_ group: [UniqueAddress], _ voters: [Member]) -> Int {
        voters.count { group.contains($0.node) }
    }

    private func majority(_ voters: [Member]) -> [UniqueAddress] {
        split.groups.first { group in
            let mine = count(group, voters)
            let holdsLowest = voters.map(\.node).min().map { group.contains($0) } ?? false
            return 2 * mine > voters.count || 2 * mine == voters.count && holdsLowest
        } ?? []
    }

    private func quorum(_ size: Int, _ voters: [Member]) -> [UniqueAddress] {
        if voters.count >= 2 * size { return [] }
        return split.groups.first { count($0, voters) >= size } ?? []
    }

    private func oldest(_ downIfAlone: Bool, _ voters: [Member]) -> [UniqueAddress] {
        guard let oldest = voters.min(by: { ($0.upNumber ?? .max) < ($1.upNumber ?? .max) }) else { return [] }
        let home = split.groups.first { $0.contains(oldest.node) } ?? []
        // Where the oldest died, or hangs, it is alone in any case.
        let isAlone = count(home.isEmpty ? [oldest.node] : home, voters) == 1 && voters.count > 2
        guard downIfAlone, isAlone else { return home }
        return split.groups.first { count($0, voters) == voters.count - 1 } ?? []
    }
}

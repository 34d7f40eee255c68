package import CastyCore
package import CastyMembership

/// Determines who survives a split, from the votes alone. The code is written to be obviously correct, and shares with
/// the product's strategies only their names.
package struct SplitOracle {
    private let split: Split

    package init(_ split: Split) { self.split = split }

    /// The surviving nodes; `nil` if no side decides.
    package func survivors(_ strategy: DowningStrategy) -> [UniqueAddress]? {
        switch strategy {
        // The votes do not determine what a lease decides.
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
        // If the oldest member died or hangs, it counts as alone.
        let isAlone = count(home.isEmpty ? [oldest.node] : home, voters) == 1 && voters.count > 2
        guard downIfAlone, isAlone else { return home }
        return split.groups.first { count($0, voters) == voters.count - 1 } ?? []
    }
}

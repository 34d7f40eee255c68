import CastyCore

/// What a member knows of other clusters of the same name. Bounded, whatever peers claim.
struct SecondClusters: Sendable {
    /// Another cluster, and which of its members have answered this node's own probes.
    struct Other: Sendable {
        var claim: ClusterClaim
        /// When it was last heard of.
        var heardAt: Instant
        /// The addresses that have confirmed that this node's cluster must end before that one, and how often each has.
        /// An answer shortly after another one does not count as a new round.
        var confirmations: [(address: NodeAddress, times: Int, at: Instant)] = []
        /// Since when all answers have confirmed this.
        var losesSince: Instant?
    }

    /// A probe that has not been answered.
    private struct Open: Sendable {
        let number: UInt64
        let address: NodeAddress
    }

    private static let othersKept = 8
    private static let probesKept = 64
    private static let vouchedKept = 32
    /// After this time without news another cluster is forgotten, and later news of it is reported again.
    private static let memory = Duration.seconds(120)

    /// Generates the times of seed probes.
    var generator: SeededGenerator
    private(set) var others: [Other] = []
    private var open: [Open] = []
    private var lastNumber: UInt64 = 0
    /// Addresses at which members of this node's own cluster have found another one, sorted.
    private(set) var vouched: [NodeAddress] = []
    /// How many rounds of probes in a row have found no other cluster, at most 3.
    private(set) var quietRounds = 0
    private var latestTargets: [NodeAddress] = []

    init(generator: SeededGenerator) { self.generator = generator }

    /// Records that another cluster exists. Returns whether that is new.
    mutating func heard(_ claim: ClusterClaim, at now: Instant) -> Bool {
        others.removeAll { now - $0.heardAt > Self.memory }
        if let index = others.firstIndex(where: { $0.claim.isSame(as: claim) }) {
            others[index].claim = claim
            others[index].heardAt = now
            return false
        }
        guard others.count < Self.othersKept else { return false }
        others.append(Other(claim: claim, heardAt: now))
        quietRounds = 0
        return true
    }

    /// Begins a round of probes. Returns the pause before the next one, in shortest intervals.
    mutating func beginRound(_ targets: [NodeAddress]) -> Int {
        if targets != latestTargets || !others.isEmpty { quietRounds = 0 }
        latestTargets = targets
        defer { if !targets.isEmpty { quietRounds = min(quietRounds + 1, 3) } }
        return 1 << quietRounds
    }

    /// Records a probe to an address. Returns its number.
    mutating func probe(_ address: NodeAddress) -> UInt64 {
        lastNumber &+= 1
        if open.count == Self.probesKept { open.removeFirst() }
        open.append(Open(number: lastNumber, address: address))
        return lastNumber
    }

    /// Whether an answer belongs to an open probe of this node; each probe counts once.
    mutating func isAnswer(_ number: UInt64, from address: NodeAddress) -> Bool {
        guard let index = open.firstIndex(where: { $0.number == number && $0.address == address }) else { return false }
        open.remove(at: index)
        return true
    }

    /// Whether a probe to this address is open.
    func awaits(_ address: NodeAddress) -> Bool { open.contains { $0.address == address } }

    /// A member of another cluster has answered a probe. `loses` says whether this node's cluster ends, by the claims
    /// that both sides know.
    ///
    /// - Parameter spacing: The least time between two answers from one address that count as two.
    mutating func confirm(
        _ claim: ClusterClaim, at address: NodeAddress, loses: Bool, spacing: Duration, at now: Instant
    ) {
        guard let otherIndex = others.firstIndex(where: { $0.claim.isSame(as: claim) }) else { return }
        others[otherIndex].losesSince = loses ? others[otherIndex].losesSince ?? now : nil
        let index = others[otherIndex].confirmations.firstIndex { $0.address == address }
        switch (index, loses) {
        case (let index?, true):
            guard now - others[otherIndex].confirmations[index].at >= spacing else { return }
            others[otherIndex].confirmations[index].times += 1
            others[otherIndex].confirmations[index].at = now
        case (let index?, false): others[otherIndex].confirmations.remove(at: index)
        case (nil, true):
            guard others[otherIndex].confirmations.count < Self.probesKept else { return }
            others[otherIndex].confirmations.append((address, 1, now))
        case (nil, false): break
        }
    }

    /// A member of this cluster has found another cluster at this address. Returns whether that is new.
    mutating func vouch(for address: NodeAddress) -> Bool {
        guard vouched.count < Self.vouchedKept else { return false }
        return vouched.insertSorted(address)
    }

    /// The cluster before which this node's own must end, once that is confirmed often enough.
    ///
    /// - Parameters:
    ///   - trusted: Addresses that are configured, or vouched for by a fellow member.
    ///   - spacing: For how long all answers must have confirmed it.
    func winner(trusted: [NodeAddress], spacing: Duration, at now: Instant) -> Other? {
        others.first { other in
            guard let since = other.losesSince, now - since >= spacing else { return false }
            let isConfirmed = other.confirmations.contains { $0.times >= 2 && trusted.contains($0.address) }
            return isConfirmed || other.confirmations.count * 2 > Int(other.claim.size)
        }
    }

    /// The addresses at which members of another cluster have confirmed it, sorted.
    func witnesses(of cluster: ClusterClaim) -> [NodeAddress] {
        (others.first { $0.claim.isSame(as: cluster) }?.confirmations.map(\.address) ?? []).sorted()
    }
}

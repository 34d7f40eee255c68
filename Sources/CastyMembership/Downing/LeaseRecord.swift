package import CastyCore

/// The content of a lease: its holder, and its losers. This value has the rules of every kind of lease.
///
/// There is one holder at a time, so of two sides that ask at once one is refused. A loser is refused for a long time
/// after the lease is free again: a node that hung while its cluster went on without it must not found a second cluster
/// when it wakes.
package struct LeaseRecord: Hashable, Sendable {
    /// The holder, and until when it holds the lease.
    package struct Holder: Hashable, Sendable {
        package let owner: String
        package let until: Instant

        package init(owner: String, until: Instant) {
            self.owner = owner
            self.until = until
        }
    }

    /// A node that is refused the lease, by which owner's claim, and until when.
    package struct Loser: Hashable, Sendable {
        package let name: String
        package let to: String
        package let until: Instant
        /// Whether the claim was used: then withdrawing a later one does not remove the loser.
        package let isFinal: Bool

        package init(name: String, to owner: String, until: Instant, isFinal: Bool = false) {
            self.name = name
            to = owner
            self.until = until
            self.isFinal = isFinal
        }
    }

    package private(set) var holder: Holder?
    /// Sorted by name.
    package private(set) var losers: [Loser]

    package init(holder: Holder? = nil, losers: [Loser] = []) {
        self.holder = holder
        self.losers = losers.sortedUniquely(by: \.name) { first, _ in first }
    }

    /// Grants a claim, or renews one, unless another owner holds the lease or the claimant is a loser.
    ///
    /// - Returns: Whether it is granted.
    package mutating func claim(_ claim: LeaseClaim, at now: Instant) -> Bool {
        losers.removeAll { $0.until <= now }
        if let holder, holder.owner != claim.owner, holder.until > now { return false }
        if losers.contains(where: { $0.name == claim.owner }) { return false }
        // A claim granted before and not withdrawn counts as used.
        seal(claim.owner)
        holder = Holder(owner: claim.owner, until: now + claim.duration)
        for name in claim.losers where name != claim.owner {
            let index = losers.sortedIndex(of: name, by: \.name)
            let until = now + claim.memory
            if index < losers.count, losers[index].name == name {
                let known = losers[index]
                losers[index] = Loser(
                    name: name, to: known.isFinal ? known.to : claim.owner, until: max(known.until, until),
                    isFinal: known.isFinal)
            } else {
                losers.insert(Loser(name: name, to: claim.owner, until: until), at: index)
            }
        }
        return true
    }

    /// The owner no longer needs the lease; its losers stay.
    package mutating func release(_ owner: String) {
        seal(owner)
        if holder?.owner == owner { holder = nil }
    }

    private mutating func seal(_ owner: String) {
        losers = losers.map { loser in
            loser.to == owner ? Loser(name: loser.name, to: owner, until: loser.until, isFinal: true) : loser
        }
    }

    /// The owner has not used its last granted claim: restores the state without that claim. Losers of earlier, used
    /// claims stay.
    package mutating func withdraw(_ owner: String) {
        guard holder?.owner == owner else { return }
        holder = nil
        losers.removeAll { $0.to == owner && !$0.isFinal }
    }
}

package import CastyCore

/// What a lease has written down: who holds it, and who has lost it. The rules of every lease in one value.
///
/// It has one holder at a time, so of two sides that ask at once one is refused. A loser is refused for a long time after
/// the lease is free again: one that hung while its cluster went on without it must not found a second one when it wakes.
package struct LeaseRecord: Hashable, Sendable {
    /// Who holds the lease, and until when.
    package struct Holder: Hashable, Sendable {
        package let owner: String
        package let until: Instant

        package init(owner: String, until: Instant) {
            self.owner = owner
            self.until = until
        }
    }

    /// One that may not get it, by whose claim, and until when.
    package struct Loser: Hashable, Sendable {
        package let name: String
        package let to: String
        package let until: Instant
        /// Whether the claim was made use of: then no withdrawal of a later one brings the loser back.
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

    /// Grants a claim, or renews one, unless another one holds the lease or the claimant has lost it.
    ///
    /// - Returns: Whether it is granted.
    package mutating func claim(_ claim: LeaseClaim, at now: Instant) -> Bool {
        losers.removeAll { $0.until <= now }
        if let holder, holder.owner != claim.owner, holder.until > now { return false }
        if losers.contains(where: { $0.name == claim.owner }) { return false }
        // What it was granted before and has not withdrawn, it has made use of.
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

    /// The owner has no more need of it; its losers stay.
    package mutating func release(_ owner: String) {
        seal(owner)
        if holder?.owner == owner { holder = nil }
    }

    private mutating func seal(_ owner: String) {
        losers = losers.map { loser in
            loser.to == owner ? Loser(name: loser.name, to: owner, until: loser.until, isFinal: true) : loser
        }
    }

    /// The owner has made no use of what it was granted last: all as if it had not asked. What it had made use of before stays.
    package mutating func withdraw(_ owner: String) {
        guard holder?.owner == owner else { return }
        holder = nil
        losers.removeAll { $0.to == owner && !$0.isFinal }
    }
}

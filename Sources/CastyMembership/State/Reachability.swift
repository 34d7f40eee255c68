package import CastyCore

/// One observer's record of one subject that it cannot reach.
package struct ReachabilityRow: Hashable, Sendable {
    /// How certain, and why. In a merge the later case wins.
    package enum Verdict: UInt8, Hashable, Sendable, CaseIterable {
        /// The observer hears nothing, but a witness reached the subject: the link is cut, the subject runs.
        case indirect
        /// The observer hears nothing, and no witness has reported that it reached the subject.
        case unreachable
        /// This incarnation is gone permanently: another one runs at its address, or it is the observer itself, which
        /// ends.
        case terminated
    }

    /// The member that cannot be reached.
    package let subject: UniqueAddress
    /// How certain the observer is.
    package let verdict: Verdict
    /// The member that reached the subject nonetheless.
    package let witness: UniqueAddress?

    package init(subject: UniqueAddress, verdict: Verdict, witness: UniqueAddress? = nil) {
        self.subject = subject
        self.verdict = verdict
        self.witness = witness
    }
}

/// All rows of one observer. Only the observer writes them, so of two states the higher version is simply the newer
/// one.
package struct ObserverRows: Hashable, Sendable {
    /// The member that the rows are from.
    package let observer: UniqueAddress
    /// How often the observer has changed its rows.
    package var version: UInt64
    /// The members that it cannot reach, sorted; it reaches all others.
    package var rows: [ReachabilityRow]

    package init(observer: UniqueAddress, version: UInt64, rows: [ReachabilityRow]) {
        self.observer = observer
        self.version = version
        self.rows = rows.sortedUniquely(by: \.subject) { $0.verdict >= $1.verdict ? $0 : $1 }
    }

    /// The join: the newer rows. Two different sets of rows under one version can only come from a broken peer; then
    /// the graver verdicts win, on every side alike.
    func merged(with other: ObserverRows) -> ObserverRows {
        if version != other.version { return version > other.version ? self : other }
        if rows == other.rows { return self }
        return ObserverRows(observer: observer, version: version, rows: Self.join(rows, other.rows))
    }

    private static func join(_ left: [ReachabilityRow], _ right: [ReachabilityRow]) -> [ReachabilityRow] {
        var joined: [ReachabilityRow] = []
        mergeSorted(left, right, key: \.subject) { left, right in
            switch (left, right) {
            case (let left?, let right?): joined.append(left.isGraver(than: right) ? left : right)
            case (let left?, nil): joined.append(left)
            case (nil, let right?): joined.append(right)
            case (nil, nil): break
            }
        }
        return joined
    }
}

extension ReachabilityRow.Verdict: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension ReachabilityRow {
    fileprivate func isGraver(than other: ReachabilityRow) -> Bool {
        if verdict != other.verdict { return verdict > other.verdict }
        switch (witness, other.witness) {
        case (let mine?, let theirs?): return mine > theirs
        case (.some, nil): return true
        case (nil, _): return false
        }
    }
}

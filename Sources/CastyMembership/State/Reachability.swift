package import CastyCore

/// What one observer says of one subject it cannot reach.
package struct ReachabilityRow: Hashable, Sendable {
    /// How sure, and why. The order of the cases is the order in a merge.
    package enum Verdict: UInt8, Hashable, Sendable, CaseIterable {
        /// The observer hears nothing, but a witness reached the subject: their link is cut, not the subject's life.
        case indirect
        /// The observer hears nothing, and nobody told it that the subject lives.
        case unreachable
        /// This incarnation is gone for good: another one runs at its place.
        case terminated
    }

    /// Who cannot be reached.
    package let subject: UniqueAddress
    /// How sure the observer is.
    package let verdict: Verdict
    /// Who reached the subject nonetheless.
    package let witness: UniqueAddress?

    package init(subject: UniqueAddress, verdict: Verdict, witness: UniqueAddress? = nil) {
        self.subject = subject
        self.verdict = verdict
        self.witness = witness
    }
}

/// All that one observer says. Nobody else writes it, so that of two states the higher version is simply the newer one.
package struct ObserverRows: Hashable, Sendable {
    /// Whose opinion it is.
    package let observer: UniqueAddress
    /// How often the observer has changed its opinion.
    package var version: UInt64
    /// Those it cannot reach, sorted; whoever is not among them is reachable for it.
    package var rows: [ReachabilityRow]

    package init(observer: UniqueAddress, version: UInt64, rows: [ReachabilityRow]) {
        self.observer = observer
        self.version = version
        self.rows = rows.sortedUniquely(by: \.subject) { $0.verdict >= $1.verdict ? $0 : $1 }
    }

    /// The join: the newer opinion. Two different opinions under one version can only come from a broken peer;
    /// the graver verdicts win then, on every side alike.
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

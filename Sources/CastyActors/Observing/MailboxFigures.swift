import Synchronization

/// How many messages wait in some mailboxes.
package struct MailboxFigures: Hashable, Sendable {
    /// The messages in all of them together.
    package var waiting = 0
    /// The messages in the fullest one.
    package var longest = 0

    package init() {}
}

extension ActorSystem {
    /// How many turns have taken more than a second.
    package var longTurnCount: UInt64 { longTurns.load(ordering: .relaxed) }

    /// Looks into the mailboxes of some actors, those near the roots first.
    ///
    /// - Parameter limit: How many actors it looks at, at most.
    /// - Complexity: O(`limit`).
    package func mailboxFigures(of limit: Int) -> MailboxFigures {
        var figures = MailboxFigures()
        var targets: [AnyActorCell] = state.withLock { [$0.user, $0.system].compactMap { $0 } }
        var next = 0
        while next < targets.count {
            let waiting = targets[next].waiting
            figures.waiting += waiting
            figures.longest = max(figures.longest, waiting)
            if targets.count < limit { targets += targets[next].someChildren(limit - targets.count) }
            next += 1
        }
        return figures
    }
}

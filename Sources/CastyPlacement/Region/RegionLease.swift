import CastyCore

/// Until when the node may run entities, and what has become of it.
///
/// ```
///         lapses               is valid again                   the last paused shard resumes
///  held ─────────▶ lapsed ──────────────────────▶ confirming ────────────────────────────────▶ held
///                    ▲            lapses              │
///                    └────────────────────────────────┘
/// ```
struct RegionLease: Hashable, Sendable {
    enum State: Hashable, Sendable {
        case held
        /// No entity runs: the shards here have been paused since then.
        case lapsed(pausedSince: Instant)
        /// Valid again. A paused shard resumes when the coordinator confirms that it is still here.
        case confirming(pausedSince: Instant)
    }

    /// Before the first call there is no limit.
    var validUntil = Instant.distantFuture
    private(set) var state = State.held

    var isLapsed: Bool {
        switch state {
        case .lapsed: true
        case .held, .confirming: false
        }
    }

    /// The lease lapses.
    ///
    /// - Parameter hasPaused: Whether shards are still paused since it lapsed before.
    mutating func lapse(at now: Instant, hasPaused: Bool) {
        switch state {
        case .confirming(let since) where hasPaused: state = .lapsed(pausedSince: since)
        case .held, .confirming: state = .lapsed(pausedSince: now)
        case .lapsed: break
        }
    }

    mutating func renew() { if case .lapsed(let since) = state { state = .confirming(pausedSince: since) } }

    /// The last paused shard has resumed. Returns since when it was paused.
    mutating func confirm() -> Instant? {
        guard case .confirming(let since) = state else { return nil }
        state = .held
        return since
    }
}

import CastyCore

/// Requests that the store of remembered entities refused, and that will be retried.
struct StoreRetries: Sendable {
    private var waiting: [StoreRetry] = []
    /// Refusals in a row.
    private(set) var failures = 0

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }
    var times: [Instant] { waiting.map(\.at) }

    mutating func append(_ request: StoreRequest, at retryAt: Instant) {
        waiting.append(StoreRetry(request: request, at: retryAt))
    }

    /// Requests refused in the same round are retried together; the delay doubles with each round.
    mutating func nextRound(after now: Instant, _ settings: PlacementSettings) -> Instant {
        if let round = waiting.last, round.at > now { return round.at }
        failures += 1
        let doubled = settings.storeRetry * (1 << min(failures - 1, 20))
        return now + min(doubled, settings.storeRetryLimit)
    }

    mutating func takeDue(at now: Instant) -> [StoreRequest] {
        defer { waiting.removeAll { $0.at <= now } }
        return waiting.filter { $0.at <= now }.map(\.request)
    }

    mutating func drop(_ shard: Int) { waiting.removeAll { $0.request.shard == shard } }

    /// The store has performed a request. Returns whether it refused the one before.
    mutating func recover() -> Bool {
        defer { failures = 0 }
        return failures > 0
    }
}

/// A request that the store of remembered entities refused.
private struct StoreRetry: Hashable, Sendable {
    var request: StoreRequest
    var at: Instant
}

/// How many protected handshakes may begin, from one source and from all together.
///
/// A handshake costs a node a millisecond on the thread that also sends its heartbeats, and costs the other end less: it
/// need not even answer. So there is a rate for each source. Those above it wait a little, as when many nodes start at
/// once, and those above that are refused.
///
/// Source: the virtual scheduling algorithm of ITU-T I.371, annex A.
struct HandshakeRate: Sendable {
    struct Limit: Sendable {
        /// The pause between two handshakes, in nanoseconds, where there is no reserve.
        let interval: UInt64
        /// How many may begin at once after a quiet time.
        let burst: UInt64
    }

    enum Decision: Equatable, Sendable {
        case now
        /// After this pause, in nanoseconds.
        case later(UInt64)
        case refused
    }

    let perSource: Limit
    let total: Limit
    /// The longest that a connection waits, in nanoseconds.
    let patience: UInt64
    /// When the next handshake of a source would begin if they came evenly.
    private var sources: [String: UInt64] = [:]
    private var all: UInt64 = 0

    private static let mostSources = 1024

    init(
        perSource: Limit = Limit(perSecond: 64, burst: 128), total: Limit = Limit(perSecond: 256, burst: 512),
        patience: UInt64 = 2_000_000_000
    ) {
        self.perSource = perSource
        self.total = total
        self.patience = patience
    }

    /// Decides about a connection.
    ///
    /// - Parameter now: The time, in nanoseconds of any clock that does not go back.
    mutating func decide(_ source: String, at now: UInt64) -> Decision {
        let source = listed(source, at: now)
        let (own, whole) = (max(sources[source] ?? 0, now), max(all, now))
        let wait = max(Self.wait(own, perSource, now), Self.wait(whole, total, now))
        guard wait <= patience else { return .refused }
        sources[source] = own + perSource.interval
        all = whole + total.interval
        return wait == 0 ? .now : .later(wait)
    }

    private static func wait(_ next: UInt64, _ limit: Limit, _ now: UInt64) -> UInt64 {
        let (ahead, reserve) = (next - now, (limit.burst - 1) * limit.interval)
        return ahead > reserve ? ahead - reserve : 0
    }

    /// The name under which a source is counted: where there are too many, all further ones are counted together.
    private mutating func listed(_ source: String, at now: UInt64) -> String {
        if sources[source] != nil || sources.count < Self.mostSources { return source }
        sources = sources.filter { $0.value > now }
        return sources.count < Self.mostSources ? source : ""
    }
}

extension HandshakeRate.Limit {
    init(perSecond: UInt64, burst: UInt64) { self.init(interval: 1_000_000_000 / perSecond, burst: burst) }
}

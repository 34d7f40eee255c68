package import CastyTestbed

/// A kind of fault that an exploration may inject.
package enum FaultFamily: String, CaseIterable, Hashable, Sendable {
    /// Crashes, and restarts on the same address.
    case kill
    /// Hangs of all lengths, in particular around the limits of membership and sharding.
    case freeze
    /// Splits of the nodes into two groups.
    case cut
    /// Cuts of one direction of one link.
    case oneway
    /// Latency, jitter and loss.
    case link
    /// Short periods in which most bytes are lost.
    case burst
    /// Links that are cut and healed repeatedly.
    case flap
    /// Links with little bandwidth.
    case narrow
    /// Connections that are reset.
    case reset
    /// Graceful departures, and returns.
    case leave
    /// Slow nodes.
    case slow
    /// Clocks that run fast or slow by one percent.
    case clock
    /// Disks that are full, fail, tear writes, lose unsynced data, or flip bits.
    case disk
    /// Handlers that throw, and entities that fail when they start.
    case poison
    /// Handlers and stores that take time.
    case stall
    /// Operators who move shards, drain nodes and undo that, and entities that are passivated.
    case operate

    /// Whether it affects a link, and so needs two nodes.
    var needsLink: Bool {
        switch self {
        case .cut, .oneway, .link, .burst, .flap, .reset, .narrow: true
        case .kill, .freeze, .leave, .slow, .clock, .disk, .poison, .stall, .operate: false
        }
    }

    /// Whether a cluster survives it without any loss.
    var isGentle: Bool {
        switch self {
        case .leave, .operate, .narrow: true
        case .kill, .freeze, .cut, .oneway, .link, .burst, .flap, .reset, .slow, .clock, .disk, .poison, .stall: false
        }
    }

    /// Parses `all` or a comma-separated list; fails with a description of the error.
    package static func list(_ text: String) -> Result<[FaultFamily], TestClusterError> {
        if text == "all" { return .success(allCases) }
        var families: [FaultFamily] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let family = FaultFamily(rawValue: String(word)) else {
                let known = allCases.map(\.rawValue).joined(separator: ",")
                return .failure(TestClusterError("\"\(word)\" is no kind of fault; say all, or some of \(known)"))
            }
            if !families.contains(family) { families.append(family) }
        }
        return .success(families)
    }
}

package import CastyTestbed

/// What an exploration may do to a cluster.
package enum FaultFamily: String, CaseIterable, Hashable, Sendable {
    /// Crashes, and restarts on the same address.
    case kill
    /// Hangs of all lengths, around every limit that there is.
    case freeze
    /// Splits of the nodes into two groups.
    case cut
    /// One direction of one link.
    case oneway
    /// Latency, jitter and loss.
    case link
    /// Short times in which most of what is sent is lost.
    case burst
    /// Links that are cut and healed again and again.
    case flap
    /// Links that carry little.
    case narrow
    /// Connections that are reset.
    case reset
    /// Graceful goodbyes, and returns.
    case leave
    /// Nodes that are slow.
    case slow
    /// Clocks that run fast or slow by one percent.
    case clock
    /// Disks that are full, fail, tear what is written, lose what is not synced, or flip bits.
    case disk
    /// Handlers that throw, and entities that fail when they start.
    case poison
    /// Handlers that take time, and stores that do.
    case stall
    /// Operators who move shards, drain nodes and let them host again, and entities sent to sleep.
    case operate

    /// Whether it strikes a link, so that there must be two nodes.
    var needsLink: Bool {
        switch self {
        case .cut, .oneway, .link, .burst, .flap, .reset, .narrow: true
        case .kill, .freeze, .leave, .slow, .clock, .disk, .poison, .stall, .operate: false
        }
    }

    /// Whether a cluster bears it without losing anything.
    var isGentle: Bool {
        switch self {
        case .leave, .operate, .narrow: true
        case .kill, .freeze, .cut, .oneway, .link, .burst, .flap, .reset, .slow, .clock, .disk, .poison, .stall: false
        }
    }

    /// Reads `all` or a list with commas; or says what is wrong with it.
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

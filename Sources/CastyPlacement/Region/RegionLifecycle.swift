import CastyCore

/// Where a region is on its way out of the cluster.
///
/// ```
///           the node leaves             released, or there is        no shard and no
///                                       no coordinator to ask        leftover remains
///  running ────────────────▶ leaving ─────────────────────▶ released ───────────────▶ left
/// ```
///
/// A shutdown is no state of its own: a region that is shut down on its way out still reports that it has left.
enum RegionLifecycle: Hashable, Sendable {
    case running
    /// It asks the coordinator to be released, again and again.
    case leaving(since: Instant)
    /// It stops the shards that it still has, and sends their leftovers to the new homes.
    case released(leavingSince: Instant)
    case left

    /// Since when it has wanted to leave; `nil` while it runs, and once it has left.
    var leavingSince: Instant? {
        switch self {
        case .leaving(let since), .released(let since): since
        case .running, .left: nil
        }
    }

    var isRunning: Bool { self == .running }

    var isReleased: Bool {
        switch self {
        case .released: true
        case .running, .leaving, .left: false
        }
    }

    mutating func release() { if case .leaving(let since) = self { self = .released(leavingSince: since) } }
}

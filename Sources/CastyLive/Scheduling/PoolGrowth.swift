/// When a pool adds spare workers to its workers.
package enum PoolGrowth: Hashable, Sendable {
    case never
    /// Instead of workers whose turns do not end soon, as long as these last.
    case whenBlocked(upTo: Int)
    /// For each turn that no thread takes, because turns are expected to block.
    case atOnce(upTo: Int)

    /// The most spare workers.
    var limit: Int {
        switch self {
        case .never: 0
        case .whenBlocked(let limit), .atOnce(let limit): limit
        }
    }

    @inline(__always)
    var isAtOnce: Bool { if case .atOnce = self { true } else { false } }

    var isWhenBlocked: Bool { if case .whenBlocked = self { true } else { false } }
}

/// How far this node has got with its departure.
///
/// ```
///            the cluster has it exiting                   its last tasks are done
///  staying ────────────────────────────▶ finishing ──────────────────────────────▶ done
/// ```
///
/// `isLast`: no member is left that could take over what this node runs. `saysGoodbye`: this node has just sent others
/// the notice of their removal, and stays until that is sent.
enum Departure: Hashable, Sendable {
    case staying
    case finishing(isLast: Bool)
    case done(isLast: Bool, saysGoodbye: Bool)

    var areTasksAsked: Bool { self != .staying }

    var areTasksDone: Bool {
        switch self {
        case .done: true
        case .staying, .finishing: false
        }
    }

    var isLast: Bool {
        switch self {
        case .finishing(let isLast), .done(let isLast, _): isLast
        case .staying: false
        }
    }

    var saysGoodbye: Bool {
        switch self {
        case .done(_, let saysGoodbye): saysGoodbye
        case .staying, .finishing: false
        }
    }

    /// Returns whether the last tasks are to run now.
    mutating func begin() -> Bool {
        guard case .staying = self else { return false }
        self = .finishing(isLast: false)
        return true
    }

    /// Returns whether the last tasks were under way.
    mutating func finishTasks() -> Bool {
        guard case .finishing(let isLast) = self else { return false }
        self = .done(isLast: isLast, saysGoodbye: false)
        return true
    }

    /// Returns whether that is news.
    mutating func beLast() -> Bool {
        switch self {
        case .finishing(isLast: false): self = .finishing(isLast: true)
        case .done(isLast: false, let saysGoodbye): self = .done(isLast: true, saysGoodbye: saysGoodbye)
        case .staying, .finishing, .done: return false
        }
        return true
    }

    mutating func sayGoodbye() {
        if case .done(let isLast, _) = self { self = .done(isLast: isLast, saysGoodbye: true) }
    }
}

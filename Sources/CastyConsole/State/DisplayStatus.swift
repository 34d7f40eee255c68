import CastyObservability

/// The display status of one member in one view: the words and marks that rows, headers and grids share.
enum DisplayStatus: Int, Hashable, Sendable, CaseIterable {
    case up, unreachable, joining, leaving, exiting, down, removed, unknown

    init(status: MemberCondition, unreachable: Bool) {
        switch status {
        case .down: self = .down
        case .joining, .weaklyUp: self = unreachable ? .unreachable : .joining
        case .up: self = unreachable ? .unreachable : .up
        case .leaving: self = unreachable ? .unreachable : .leaving
        case .exiting: self = unreachable ? .unreachable : .exiting
        }
    }

    var mark: String {
        switch self {
        case .up: "+"
        case .unreachable: "!"
        case .joining: ">"
        case .leaving: "<"
        case .exiting: "x"
        case .down: "#"
        case .removed: "-"
        case .unknown: "?"
        }
    }

    /// The word for a wide column, and for one of six characters.
    var word: String {
        switch self {
        case .up: "up"
        case .unreachable: "unreach"
        case .joining: "joining"
        case .leaving: "leaving"
        case .exiting: "exiting"
        case .down: "down"
        case .removed: "removed"
        case .unknown: "unseen"
        }
    }

    var sentence: String { self == .unreachable ? "unreachable" : word }

    var short: String {
        switch self {
        case .up, .down: word
        case .unreachable: "unrch"
        case .joining: "joinng"
        case .leaving: "leavng"
        case .exiting: "exitng"
        case .removed: "gone"
        case .unknown: "unseen"
        }
    }

    var role: Role {
        switch self {
        case .up: .up
        case .unreachable: .unreachable
        case .joining: .joining
        case .leaving, .exiting: .leaving
        case .down: .down
        case .removed, .unknown: .removed
        }
    }
}

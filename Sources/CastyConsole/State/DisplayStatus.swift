import CastyCore
import CastyObservability

/// The display status of one member in one view: what rows, headers and grids show.
package enum DisplayStatus: Int, Hashable, Sendable, CaseIterable {
    case up, unreachable, joining, leaving, exiting, down, removed, unknown

    init(status: MemberStatus, unreachable: Bool) {
        switch status {
        case .down: self = .down
        case .joining, .weaklyUp: self = unreachable ? .unreachable : .joining
        case .up: self = unreachable ? .unreachable : .up
        case .leaving: self = unreachable ? .unreachable : .leaving
        case .exiting: self = unreachable ? .unreachable : .exiting
        }
    }

    /// The order of its group in the table of a big cluster: what needs a look comes first.
    var urgency: Int {
        switch self {
        case .unreachable: 0
        case .down: 1
        case .joining: 2
        case .leaving: 3
        case .exiting: 4
        case .unknown: 5
        case .up: 6
        case .removed: 7
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

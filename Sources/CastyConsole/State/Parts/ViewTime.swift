import CastyCore

/// The user's clock, and the time that the panes show.
package struct ViewTime: Sendable {
    /// The user's clock in seconds, for timeouts.
    package internal(set) var now = 0.0
    var interruptedAt = -10.0
    var shown = ShownTime.live
    /// The moments that the user remembers, in their order.
    var bookmarks: [Instant] = []
}

/// What the panes show of a cluster whose time goes on.
enum ShownTime: Sendable {
    /// The newest data.
    case live
    /// The data of the time when the user froze the view.
    case still(ConsoleFeed)
    /// A moment of the past.
    case past(ConsoleFeed)

    /// What is shown instead of the newest data.
    var feed: ConsoleFeed? {
        switch self {
        case .live: nil
        case .still(let feed), .past(let feed): feed
        }
    }

    var isPast: Bool { if case .past = self { true } else { false } }
}

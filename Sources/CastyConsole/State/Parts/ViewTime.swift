import CastyCore

/// The user's clock, and the time that the panes show.
package struct ViewTime: Sendable {
    /// The user's clock in seconds, for timeouts.
    package internal(set) var now = 0.0
    var interruptedAt = -10.0
    /// The feed at the time when the view was frozen.
    var still: ConsoleFeed?
    /// The moments that the user remembers, in their order.
    var bookmarks: [Instant] = []
}

/// A node's clock of the calendar: one of the interfaces that the live and the simulated runtime implement.
package protocol WallClockSource: AnyObject, Sendable {
    /// The present time. It may jump in both directions.
    var now: WallTime { get }
}

/// A clock that began on 2026-01-01 with the node's own clock, and runs with it.
package final class VirtualWallClock: WallClockSource {
    /// 2026-01-01 00:00 UTC.
    package static let epoch = WallTime(milliseconds: 1_767_225_600_000)

    private let scheduler: any Scheduler

    package init(_ scheduler: any Scheduler) { self.scheduler = scheduler }

    package var now: WallTime { Self.epoch + (scheduler.now - .start) }
}

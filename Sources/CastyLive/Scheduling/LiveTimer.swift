import CastyCore
import Synchronization

/// A timer of a ``LiveScheduler``.
final class LiveTimer: ScheduledTimer {
    let deadline: Instant
    /// The order in which timers were set. It decides between equal deadlines.
    let sequence: UInt64
    let scheduler: LiveScheduler

    private let action: Mutex<(@Sendable () -> Void)?>

    init(
        deadline: Instant, sequence: UInt64, scheduler: LiveScheduler, action: @escaping @Sendable () -> Void
    ) {
        self.deadline = deadline
        self.sequence = sequence
        self.scheduler = scheduler
        self.action = Mutex(action)
    }

    func cancel() {
        // Released outside the lock: releasing the action may run deinitializers.
        if takeAction() != nil { scheduler.thread.noteCancelled() }
    }

    /// The action, for the first caller only.
    func takeAction() -> (@Sendable () -> Void)? {
        action.withLock { action in
            defer { action = nil }
            return action
        }
    }

    var isCancelled: Bool { action.withLock { $0 == nil } }

    @inline(__always)
    func precedes(_ other: LiveTimer) -> Bool {
        deadline == other.deadline ? sequence < other.sequence : deadline < other.deadline
    }
}

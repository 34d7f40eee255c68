import CastyActors
import CastyCore

/// The single timer of a shell: fires when its cores are to be woken.
struct WakeupTimer: Sendable {
    private var pending: (at: Instant, generation: UInt64, timer: any ScheduledTimer)?
    private var generation: UInt64 = 0

    /// Whether this is the expected wake-up, and not one that was canceled too late; consumes it.
    mutating func accepts(_ generation: UInt64) -> Bool {
        guard pending?.generation == generation else { return false }
        pending = nil
        return true
    }

    /// Sets the timer to `next`; replaces the time that was set before.
    mutating func set(
        for next: Instant?, on scheduler: any Scheduler, ring: @escaping @Sendable (_ generation: UInt64) -> Void
    ) {
        guard let next else { return cancel() }
        if let pending, pending.at == next { return }
        pending?.timer.cancel()
        generation += 1
        let number = generation
        pending = (next, number, scheduler.schedule(at: next) { ring(number) })
    }

    mutating func cancel() {
        pending?.timer.cancel()
        pending = nil
    }
}

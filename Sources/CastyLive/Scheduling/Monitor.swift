import CastyCore
import Glibc

/// A lock that threads can wait on: a `pthread` mutex and condition, timed by the monotonic clock.
///
/// `Synchronization.Mutex` has no condition to wait on. This one is used only where threads wait.
final class Monitor: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }

    func unlock() { pthread_mutex_unlock(mutex) }

    func withLock<Result>(_ body: () -> Result) -> Result {
        lock()
        defer { unlock() }
        return body()
    }

    /// Releases the lock until a signal or a spurious wakeup. The caller MUST check its condition again.
    func wait() { pthread_cond_wait(condition, mutex) }

    /// As ``wait()``, but at most until that reading of the monotonic clock, in nanoseconds.
    func wait(untilNanoseconds deadline: Int64) {
        var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
    }

    /// Waits until the condition holds, at most for the limit. The lock is held.
    ///
    /// - Returns: Whether it holds.
    func wait(within limit: Duration?, until condition: () -> Bool) -> Bool {
        let end = limit.map { LiveClock.reading.addingReportingOverflow(max(0, $0.nanoseconds)) }
        while !condition() {
            guard let end, !end.overflow else {
                wait()
                continue
            }
            if LiveClock.reading >= end.partialValue { return false }
            wait(untilNanoseconds: end.partialValue)
        }
        return true
    }

    func signal() { pthread_cond_signal(condition) }

    func broadcast() { pthread_cond_broadcast(condition) }
}

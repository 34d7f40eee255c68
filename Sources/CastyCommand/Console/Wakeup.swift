import CastyCore
import Dispatch
import Synchronization

/// Lets one thread sleep until another has something for it. Signals that come before the sleep end it at once; any
/// number of them count as one.
final class Wakeup: Sendable {
    private let isSet = Atomic(false)
    private let semaphore = DispatchSemaphore(value: 0)

    /// Ends the current sleep, or the next one. Costs next to nothing if a signal is pending already.
    func signal() {
        if !isSet.exchange(true, ordering: .acquiringAndReleasing) { semaphore.signal() }
    }

    /// Sleeps until a signal, or until a time has passed; without a limit, until a signal.
    ///
    /// - Returns: Whether a signal came.
    @discardableResult
    func wait(atMost limit: Duration? = nil) -> Bool {
        let deadline =
            limit.map { DispatchTime.now() + .nanoseconds(Int(clamping: max(.zero, $0).nanoseconds)) } ?? .distantFuture
        // After a timeout the mark stays: a signal of this very moment ends the next sleep.
        guard semaphore.wait(timeout: deadline) == .success else { return false }
        isSet.store(false, ordering: .releasing)
        return true
    }
}

/// A function to call after changes, which is known later than the source of the changes.
final class ChangeSignal: Sendable {
    // In a struct: a function that is itself the value of a generic type gets one more wrapper with each access, and
    // after enough of them a call overflows the stack.
    private struct Listener: Sendable { let wake: @Sendable () -> Void }

    private let listener = Mutex<Listener?>(nil)

    func listen(_ wake: @escaping @Sendable () -> Void) { listener.withLock { $0 = Listener(wake: wake) } }

    func signal() { listener.withLock { $0 }?.wake() }
}

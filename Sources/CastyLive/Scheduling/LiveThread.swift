import Glibc

/// A thread that can be joined.
package final class LiveThread: @unchecked Sendable {
    private final class Start {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private let handle: pthread_t

    /// Starts a thread.
    package init(_ body: @escaping @Sendable () -> Void) {
        let (handle, failure) = Self.start(body)
        precondition(failure == 0, "the system refuses a thread (error \(failure))")
        self.handle = handle
    }

    /// Starts a thread; `nil` where the system refuses it.
    init?(ifPossible body: @escaping @Sendable () -> Void) {
        let (handle, failure) = Self.start(body)
        guard failure == 0 else { return nil }
        self.handle = handle
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> (pthread_t, Int32) {
        var handle = pthread_t()
        let start = Unmanaged.passRetained(Start(body: body))
        let failure = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        if failure != 0 { start.release() }
        return (handle, failure)
    }

    /// Whether the caller runs on this thread.
    var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }

    /// Detaches the thread: it cleans up after itself when it ends, and cannot be joined.
    package func detach() { pthread_detach(handle) }

    /// Waits for the thread's end. Call it once, from another thread.
    package func join() { pthread_join(handle, nil) }
}

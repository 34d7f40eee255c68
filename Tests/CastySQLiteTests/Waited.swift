import Dispatch
import Synchronization

/// Runs code that waits, on a thread that no asynchronous work needs.
func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}

/// Lets asynchronous work end before synchronous code goes on; for threads of ``onThread(_:)`` or of a queue.
func waited(_ body: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        await body()
        done.signal()
    }
    done.wait()
}

/// What closures of a test have seen.
final class Collected<Value: Sendable>: Sendable {
    private let all = Mutex([Value]())

    var values: [Value] { all.withLock { $0 } }

    func add(_ value: Value) { all.withLock { $0.append(value) } }
}

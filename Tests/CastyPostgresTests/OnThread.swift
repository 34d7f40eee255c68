import Dispatch

/// Runs code that waits, on a thread that no asynchronous work needs: there are only as many of those as processors, and
/// two that wait for each other's tests would wait for ever.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result { try body() }) }
    }
}

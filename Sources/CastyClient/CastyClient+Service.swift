public import ServiceLifecycle

extension CastyClient: Service {
    /// Keeps the client connected as a service: returns after a graceful shutdown, when it has closed.
    ///
    /// Put it before the services that use it: services end in reverse order.
    ///
    /// - Throws: `CancellationError` if the task was cancelled; the client has closed then too.
    public func run() async throws {
        start()
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { done in whenEnded { done.resume() } }
        } onCancelOrGracefulShutdown: {
            self.close {}
        }
        try Task.checkCancellation()
    }
}

import CastyCore
import NIOCore
import NIOPosix
import Synchronization

extension TCPTransport: Suspendable {
    /// Stops reading, accepting and writing. Sockets stay open; bytes from peers wait in the system's buffers.
    package func freeze() {
        performAndWait {
            guard !self.isFrozen, !self.isDead else { return }
            self.isFrozen = true
            for listener in self.listeners { listener.setOption(.autoRead, value: false).whenFailure { _ in } }
            self.refreshConnections()
        }
    }

    /// Continues, first with what arrived before the freeze took effect.
    package func thaw() {
        performAndWait {
            guard self.isFrozen, !self.isDead else { return }
            self.isFrozen = false
            for listener in self.listeners { listener.setOption(.autoRead, value: true).whenFailure { _ in } }
            self.refreshConnections()
        }
    }

    /// Resets all connections without flushing. Calls no handler and no completion any more.
    package func kill() {
        performAndWait {
            guard !self.isDead else { return }
            self.isDead = true
            self.shutdownCompletions = []
            self.closeListeners()
            for connection in self.orderedConnections { connection.abandon() }
            // One turn of the loop later, so that the sockets are closed before the loop ends.
            self.perform { self.stopWhenDead() }
        }
    }

    /// Stops listening, flushes what was handed over, closes all connections, and ends the event loop.
    public func shutdown(completion: @escaping @Sendable () -> Void) {
        let wasTaken = perform {
            if self.isDead { return }
            // Called again while the loop was already ending.
            if self.hasEnded { return completion() }
            self.shutdownCompletions.append(completion)
            if self.isShuttingDown { return }
            self.isShuttingDown = true
            self.closeListeners()
            for connection in self.orderedConnections { connection.closeNow() }
            self.loop.scheduleTask(in: Self.closeLimit + .milliseconds(500)) {
                for connection in self.orderedConnections { connection.abandon() }
                // A hanging resolver does not delay the end.
                self.openAttempts = 0
                self.stopWhenQuiet()
            }
            self.stopWhenQuiet()
        }
        if !wasTaken, !isKilled { completion() }
    }

    /// The connections in the order of their creation.
    var orderedConnections: [TCPConnection] {
        connections.values.sorted { $0.number < $1.number }
    }

    /// Lets every connection check again what pauses it.
    func refreshConnections() {
        for connection in orderedConnections { connection.refresh() }
    }

    /// Removes a connection that has ended permanently.
    func remove(_ connection: TCPConnection) {
        connections.removeValue(forKey: connection.number)
        stopWhenQuiet()
    }

    private func closeListeners() {
        releaseReserved()
        for listener in listeners { listener.close(promise: nil) }
        listeners = []
    }

    /// The network library has finished an attempt to connect or to listen.
    func attemptEnded() {
        openAttempts -= 1
        stopWhenQuiet()
        perform { self.stopWhenDead() }
    }

    private func stopWhenQuiet() {
        if isShuttingDown, !isDead, connections.isEmpty, openAttempts <= 0 { stopLoop(.shutDown) }
    }

    private func stopWhenDead() {
        if isDead, openAttempts <= 0 { stopLoop(.killed) }
    }

    private func stopLoop(_ end: LoopState) {
        let before = loopState.withLock { state in
            defer { state = end }
            return state
        }
        if before != .running { return }
        filter?.unregister(self)
        let completions = shutdownCompletions
        shutdownCompletions = []
        group.shutdownGracefully { _ in
            for completion in completions { completion() }
        }
    }
}

import CastyActors
import CastyCore
import Synchronization

extension Remoting {
    /// Flushes the queues, sends goodbyes and closes all connections. What cannot be flushed in time is lost.
    package func shutdown(completion: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            if state.closing != nil { return false }
            // One more than the number of associations, so that the count does not reach zero before the last of them
            // has begun to close.
            state.closing = state.associations.count + 1
            let transport = system.world.transport
            state.whenClosed = { transport.shutdown(completion: completion) }
            return true
        }
        guard isFirst else { return system.world.transport.shutdown(completion: completion) }
        endSweeps()
        let (all, pendingHandshakes) = (ordered, state.withLock { $0.pendingHandshakes })
        for link in pendingHandshakes { link.abandon(orderly: false) }
        for association in all { association.beginClosing() }
        _ = system.world.scheduler.schedule(after: settings.shutdownFlush) {
            for association in all { association.close() }
        }
        associationClosed()
    }

    /// Whether the system is shutting down.
    var isClosing: Bool { state.withLock { $0.closing != nil } }

    /// One association has closed permanently.
    func associationClosed() {
        let whenClosed = state.withLock { state -> (@Sendable () -> Void)? in
            guard let left = state.closing else { return nil }
            state.closing = left - 1
            guard left == 1 else { return nil }
            state.associations = [:]
            state.pendingHandshakes = []
            defer { state.whenClosed = nil }
            return state.whenClosed
        }
        guard let whenClosed else { return }
        system.inspector.provide(associations: { [] })
        whenClosed()
    }

    /// Releases everything without notifying anyone, because the node was killed. Afterwards nothing refers to the
    /// system.
    package func abandon() {
        let (associations, links) = state.withLock { state in
            defer {
                (state.associations, state.pendingHandshakes) = ([:], [])
                state.closing = state.closing ?? 0
            }
            return (state.associations, state.pendingHandshakes)
        }
        endSweeps()
        // An association and its connection refer to each other.
        for association in associations.values { association.letGo() }
        withExtendedLifetime(links) {}
        system.inspector.provide(associations: { [] })
    }
}

import CastyActors
import CastyCore
import Synchronization

extension Remoting {
    /// Flushes what waits, says goodbye and closes all connections; what cannot be flushed in time is lost.
    package func shutdown(completion: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            if state.closing != nil { return false }
            // One more than there are associations, so that the count is not over before the last of them has begun
            // to close.
            state.closing = state.associations.count + 1
            let transport = system.world.transport
            state.whenClosed = { transport.shutdown(completion: completion) }
            return true
        }
        guard isFirst else { return system.world.transport.shutdown(completion: completion) }
        endSweeps()
        let (all, strangers) = (ordered, state.withLock { $0.strangers })
        for link in strangers { link.abandon(orderly: false) }
        for association in all { association.beginClosing() }
        _ = system.world.scheduler.schedule(after: settings.shutdownFlush) {
            for association in all { association.close() }
        }
        associationClosed()
    }

    /// Whether the system ends.
    var isClosing: Bool { state.withLock { $0.closing != nil } }

    /// One association has closed for good.
    func associationClosed() {
        let whenClosed = state.withLock { state -> (@Sendable () -> Void)? in
            guard let left = state.closing else { return nil }
            state.closing = left - 1
            guard left == 1 else { return nil }
            state.associations = [:]
            state.strangers = []
            defer { state.whenClosed = nil }
            return state.whenClosed
        }
        guard let whenClosed else { return }
        system.inspector.provide(associations: { [] })
        whenClosed()
    }

    /// Lets go of everything without a word, as when the node was killed: nothing refers to the system any more.
    package func abandon() {
        let (associations, links) = state.withLock { state in
            defer {
                (state.associations, state.strangers) = ([:], [])
                state.closing = state.closing ?? 0
            }
            return (state.associations, state.strangers)
        }
        endSweeps()
        // An association and its connection hold each other.
        for association in associations.values { association.letGo() }
        withExtendedLifetime(links) {}
        system.inspector.provide(associations: { [] })
    }
}

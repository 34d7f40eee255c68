import Synchronization

/// The messages that one turn sends, held back until what the turn has changed is saved.
///
/// While an outbox is open, ``ActorRef/tell(_:)`` in the code that opened it adds to it instead of delivering. Only `tell`
/// is held: other effects of a turn, such as spawning a child, are not. A task that the code starts sends at once when
/// the outbox is closed, although the task inherits it.
@usableFromInline
package final class TurnOutbox: Sendable {
    private struct State {
        var isOpen = false
        var tracing: ContextCarrier?
        var held: [@Sendable () -> Void] = []
    }

    @TaskLocal @usableFromInline static var current: TurnOutbox?

    private let state = Mutex(State())

    /// Creates an empty outbox.
    package init() {}

    /// Whether no message is held.
    package var isEmpty: Bool { state.withLock { $0.held.isEmpty } }

    /// Runs a synchronous piece of a turn whose messages are held.
    package func hold<Result>(in system: ActorSystem, _ body: () throws -> Result) rethrows -> Result {
        system.usesOutboxes.store(true, ordering: .relaxed)
        state.withLock { ($0.isOpen, $0.tracing) = (true, system.tracing) }
        defer { state.withLock { $0.isOpen = false } }
        return try Self.$current.withValue(self, operation: body)
    }

    /// Takes a message, unless the outbox is closed.
    @usableFromInline
    func take(_ send: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            // It is delivered later, and by code that runs for another reason.
            state.held.append(state.tracing?.carrying(send) ?? send)
            return true
        }
    }

    /// Delivers what was held, in the order in which it was sent.
    package func release() {
        let sends = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for send in sends { send() }
    }

    /// Drops what was held.
    package func drop() { state.withLock { $0.held = [] } }
}

import Glibc
import Synchronization

/// The messages that one turn sends, held back until what the turn has changed is saved.
///
/// While an outbox is open on a thread, ``ActorRef/tell(_:)`` on that thread adds to it instead of delivering. Only
/// `tell` is held: other effects of a turn, such as spawning a child, are not.
@usableFromInline
package final class TurnOutbox {
    private typealias Send = () -> Void

    private var held: [Send] = []

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let problem = pthread_key_create(&key, nil)
        precondition(problem == 0, "the process has no thread-specific key left")
        return key
    }()

    /// Creates an empty outbox.
    package init() {}

    /// The outbox that is open on this thread.
    @usableFromInline
    static var current: TurnOutbox? {
        pthread_getspecific(key).map { Unmanaged<TurnOutbox>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether no message is held.
    package var isEmpty: Bool { held.isEmpty }

    /// Runs a synchronous piece of a turn whose messages are held.
    package func hold<Result>(in system: ActorSystem, _ body: () throws -> Result) rethrows -> Result {
        system.usesOutboxes.store(true, ordering: .relaxed)
        let outer = pthread_getspecific(Self.key)
        pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(Self.key, outer) }
        return try body()
    }

    @usableFromInline
    func add(_ send: @escaping () -> Void) { held.append(send) }

    /// Delivers what was held, in the order in which it was sent.
    package func release() {
        let sends = held
        held = []
        for send in sends { send() }
    }

    /// Drops what was held.
    package func drop() { held = [] }
}

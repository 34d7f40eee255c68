import Synchronization

/// Lets the handlers of a system run in the contexts that their messages were sent in.
///
/// A system has it only where there is a tracer, so that others pay nothing. A message itself does not change: its
/// context waits here, under its position among the messages that the actor has accepted.
@usableFromInline
package final class ContextCarrier: Sendable {
    package let tracer: any MessageTracing
    private let waiting = Mutex<[UInt64: [Noted]]>([:])

    private struct Noted {
        let number: UInt64
        let context: any TraceContext
    }

    init(_ tracer: any MessageTracing) {
        self.tracer = tracer
    }

    /// Keeps the context of a message that an actor has accepted. Called in the order of the numbers.
    func note(_ context: any TraceContext, of number: UInt64, for uid: UInt64) {
        waiting.withLock { $0[uid, default: []].append(Noted(number: number, context: context)) }
    }

    /// Keeps the contexts of messages that an actor handles before all those that wait.
    ///
    /// - Parameter number: That of the message before the first of them.
    func noteInFront(_ contexts: [(any TraceContext)?], after number: UInt64, for uid: UInt64) {
        var noted: [Noted] = []
        for (offset, context) in contexts.enumerated() {
            guard let context else { continue }
            noted.append(Noted(number: number &+ UInt64(offset) &+ 1, context: context))
        }
        guard !noted.isEmpty else { return }
        waiting.withLock { $0[uid, default: []].insert(contentsOf: noted, at: 0) }
    }

    /// The context of a message that is handled now. Those of earlier messages, which were not handled, are forgotten.
    func take(_ number: UInt64, for uid: UInt64) -> (any TraceContext)? {
        waiting.withLock { waiting in
            guard var noted = waiting[uid] else { return nil }
            // Both numbers may wrap around; the difference does not.
            let passed = noted.prefix { Int64(bitPattern: $0.number &- number) <= 0 }
            let found = passed.last.flatMap { $0.number == number ? $0.context : nil }
            waiting[uid] = nil
            noted.removeFirst(passed.count)
            if !noted.isEmpty { waiting[uid] = noted }
            return found
        }
    }

    /// Forgets the contexts of an actor that has ended.
    func forget(_ uid: UInt64) { waiting.withLock { $0[uid] = nil } }

    /// The number of actors with contexts that wait.
    package var waitingCount: Int { waiting.withLock { $0.count } }

    /// The same work in the context that it is given in.
    func carrying(_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        guard let context = tracer.current else { return work }
        return { [tracer] in tracer.run(in: context, work) }
    }
}

extension ActorCell {
    /// Runs a piece of a turn in a context; without one, for nothing in particular.
    func inContext(_ context: (any TraceContext)?, _ body: () -> Void) {
        guard let tracing = system.tracing else { return body() }
        tracing.tracer.run(in: context, body)
    }

    /// Takes the context of the message that was taken from the mailbox last.
    func takeContext() -> (any TraceContext)? { system.tracing?.take(consumed &+ UInt64(next), for: uid) }
}

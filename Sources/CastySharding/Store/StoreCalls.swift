package import CastyCluster
import Synchronization

/// Lets the calls of one entity to its store begin one after the other, across the entity's incarnations.
///
/// A call that was given up, or whose incarnation has stopped, may still be at work in the store. Were the next
/// incarnation to load beside it, under the same token, then the old save could land after the load, and later even
/// over what the new incarnation has saved. No token would show that, because both have the same one.
package final class StoreCalls: Sendable {
    /// A call that waits for its turn.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Waiter {
        let ticket: Ticket
        let continuation: UnsafeContinuation<Bool, Never>
    }

    private struct State {
        var lastTicket: UInt64 = 0
        /// The calls that wait, by the entity whose call is under way; an entry without waiters is a call alone.
        var waiting: [EntityKey: [Waiter]] = [:]
        /// The calls that have neither begun nor wait, and were not given up.
        var announced: Set<Ticket> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// The one of a node.
    package static func of(_ cluster: Cluster) -> StoreCalls { cluster.part { StoreCalls() } }

    /// A number for a call, with which it can be given up.
    func ticket() -> Ticket {
        state.withLock { state in
            state.lastTicket += 1
            let ticket = Ticket(number: state.lastTicket)
            state.announced.insert(ticket)
            return ticket
        }
    }

    /// Begins a call, unless an earlier one of the entity is under way. If it does, ``leave(_:)`` must follow.
    ///
    /// - Returns: Whether the call may begin; `false` if it was given up; `nil` if it has to ``wait(_:_:)``.
    func enter(_ key: EntityKey, _ ticket: Ticket) -> Bool? {
        state.withLock { state in
            guard state.announced.contains(ticket) else { return false }
            guard state.waiting[key] == nil else { return nil }
            state.announced.remove(ticket)
            state.waiting[key] = []
            return true
        }
    }

    /// Waits until no earlier call of the entity is under way. If it returns `true`, ``leave(_:)`` must follow.
    ///
    /// - Returns: Whether the call may begin; `false` if it was given up.
    func wait(_ key: EntityKey, _ ticket: Ticket) async -> Bool {
        await withUnsafeContinuation { continuation in
            if let mayBegin = begin(key, ticket, continuation) { continuation.resume(returning: mayBegin) }
        }
    }

    private func begin(_ key: EntityKey, _ ticket: Ticket, _ continuation: UnsafeContinuation<Bool, Never>) -> Bool? {
        state.withLock { state in
            guard state.announced.remove(ticket) != nil else { return false }
            guard state.waiting[key] != nil else {
                state.waiting[key] = []
                return true
            }
            state.waiting[key]?.append(Waiter(ticket: ticket, continuation: continuation))
            return nil
        }
    }

    /// Ends the call that is under way, and lets the next one begin.
    func leave(_ key: EntityKey) {
        let next = state.withLock { state -> Waiter? in
            guard var waiters = state.waiting[key], !waiters.isEmpty else {
                state.waiting[key] = nil
                return nil
            }
            let next = waiters.removeFirst()
            state.waiting[key] = waiters
            return next
        }
        next?.continuation.resume(returning: true)
    }

    /// Gives up a call; without effect where it has begun.
    func giveUp(_ key: EntityKey, _ ticket: Ticket) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiting[key]?.firstIndex(where: { $0.ticket == ticket }) else {
                state.announced.remove(ticket)
                return nil
            }
            return state.waiting[key]?.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }

    /// Whether nothing waits and nothing is under way; for tests.
    var isIdle: Bool { state.withLock { $0.waiting.isEmpty && $0.announced.isEmpty } }
}

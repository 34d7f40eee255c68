package import CastyCore
package import CastyObservability
import CastySharding
import Synchronization

/// What is known of envelopes.
extension EnvelopeTracker {
    /// The number of pending envelopes for an entity.
    ///
    /// - Parameter last: Only those up to this number count.
    package func pending(of entity: String, upTo last: UInt64 = .max) -> Int {
        state.withLock { state in state.pendingOf[entity]?.count { $0 <= last } ?? 0 }
    }

    /// The entities with pending envelopes, by name.
    package var pendingEntities: [String] { state.withLock { $0.pendingOf.keys.sorted() } }

    /// Whether an envelope for a matching entity has entered since `start`.
    package func hasEntered(since start: Instant, where matches: (String) -> Bool) -> Bool {
        state.withLock { state in state.envelopes.values.contains { $0.entered >= start && matches($0.entity) } }
    }

    /// The node that last held an envelope, or that it is in transit to, and whether it is pending.
    package func whereabouts(of number: UInt64) -> (node: String, isPending: Bool)? {
        state.withLock { state in
            state.envelopes[number].map { ($0.heading ?? $0.holder, $0.fate == .pending) }
        }
    }

    /// The number of pending envelopes.
    package var pending: Int { state.withLock { $0.pending } }

    /// The oldest pending envelope: its entity, and its last known location in words.
    package func oldestPending(of entity: String? = nil) -> (entity: String, location: String, entered: Instant)? {
        state.withLock { state in
            let numbers =
                entity.map { state.pendingOf[$0] ?? [] } ?? Set(state.pendingOf.values.compactMap { $0.min() })
            return numbers.min().flatMap { state.location(of: $0) }
        }
    }

    /// The same, for matching entities.
    package func oldestPending(
        where matches: (String) -> Bool
    ) -> (entity: String, location: String, entered: Instant)? {
        state.withLock { state in
            let oldest = state.pendingOf.filter { matches($0.key) }.values.compactMap { $0.min() }.min()
            return oldest.flatMap { state.location(of: $0) }
        }
    }

    /// The number of envelopes that ended without being handled.
    package var lost: Int { state.withLock { $0.lost } }

    /// How many envelopes were handled more than once.
    package var doubled: Int { state.withLock { $0.doubled } }

    /// The number of handled envelopes.
    package var handled: UInt64 { state.withLock { $0.handled } }

    /// The number of envelopes sent.
    package var sent: UInt64 { state.withLock { $0.last } }

    /// All violations.
    package var violations: [Violation] { state.withLock { $0.violations } }

    /// The longest route of a handled envelope, in hops between nodes.
    package var longestRoute: Int { state.withLock { $0.longestRoute } }

    /// The rules of the tracker that had something to check: an entity acted on another node than before (S1), a
    /// message was lost or moved between nodes (S4), one sender's messages continued on another node (S5), a message
    /// moved between nodes (S12).
    package var exercised: Set<String> {
        state.withLock { state in
            let facts = [
                (state.ownerChanges > 0, "S1"), (state.lost > 0 || state.longestRoute > 0, "S4"),
                (state.streamChanges > 0, "S5"), (state.longestRoute > 0, "S12"),
            ]
            return Set(facts.filter(\.0).map(\.1))
        }
    }

    /// The losses from an index on, in the order in which they became known. Some of the envelopes may have turned up
    /// later.
    package func losses(from index: Int) -> [Loss] {
        state.withLock { state in index < state.losses.count ? Array(state.losses[max(0, index)...]) : [] }
    }

    /// Whether an envelope was handled.
    package func isHandled(_ number: UInt64) -> Bool { state.withLock { $0.envelopes[number]?.fate == .handled } }

    /// A pending envelope that entered before `limit` and matches: its last known location in words.
    package func pending(
        enteredBefore limit: Instant, where matches: (_ entity: String, _ sender: UniqueAddress) -> Bool
    ) -> (entity: String, location: String, entered: Instant)? {
        state.withLock { state in
            let found = state.pendingOf.values.joined().filter { number in
                state.envelopes[number].map { $0.entered < limit && matches($0.entity, $0.sender) } ?? false
            }
            return found.min().flatMap { state.location(of: $0) }
        }
    }

    /// The number of losses for each reason.
    package var lossesByReason: [EnvelopeLoss: Int] {
        state.withLock { state in
            var counts: [EnvelopeLoss: Int] = [:]
            for envelope in state.envelopes.values {
                if case .lost(let cause) = envelope.fate { counts[cause, default: 0] += 1 }
            }
            return counts
        }
    }
}

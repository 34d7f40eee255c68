package import CastyCore
import Synchronization

/// Tracks the incarnations of the testbed's singleton. Once one has started, no earlier one may act, and none may act
/// without a lease.
package final class SingletonWatch: Sendable {
    /// A summary of the incarnations so far.
    package struct Seen: Hashable, Sendable {
        /// The number of incarnations that have begun.
        package var begun = 0
        /// The number of those that have acted.
        package var acted = 0
        /// The node on which an incarnation acted last, and when.
        package var latest: (node: String, time: Instant)?

        package static func == (left: Seen, right: Seen) -> Bool {
            left.begun == right.begun && left.acted == right.acted && left.latest?.time == right.latest?.time
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(begun) }
    }

    /// One incarnation of the singleton.
    package struct Incarnation: Sendable {
        let number: Int
        let node: String
    }

    private struct State {
        var seen = Seen()
        /// The highest incarnation that has acted.
        var newestActor = 0
    }

    private let state = Mutex(State())
    private let clock: @Sendable () -> Instant
    private let object: @Sendable (_ id: String, _ entity: String, _ text: String) -> Void

    /// Creates a watch.
    ///
    /// - Parameters:
    ///   - clock: The runtime's time.
    ///   - object: Called with each violation.
    package init(
        clock: @escaping @Sendable () -> Instant,
        object: @escaping @Sendable (_ id: String, _ entity: String, _ text: String) -> Void
    ) {
        self.clock = clock
        self.object = object
    }

    /// The summary up to now.
    package var seen: Seen { state.withLock { $0.seen } }

    /// Records that an incarnation begins on a node.
    package func begin(on node: String) -> Incarnation {
        state.withLock { state in
            state.seen.begun += 1
            return Incarnation(number: state.seen.begun, node: node)
        }
    }

    /// Records that an incarnation acts.
    package func act(_ incarnation: Incarnation, hasLease: Bool) {
        let now = clock()
        let newest = state.withLock { state in
            if incarnation.number > state.newestActor {
                state.newestActor = incarnation.number
                state.seen.acted += 1
            }
            state.seen.latest = (incarnation.node, now)
            return state.seen.begun
        }
        if incarnation.number < newest {
            object(
                "S1", SampleSingleton.name,
                "incarnation \(incarnation.number) of the singleton acts on \(incarnation.node) though incarnation \(newest) has begun, at \(now)"
            )
        }
        if !hasLease {
            object("S1", SampleSingleton.name, "the singleton acts on \(incarnation.node) without a lease, at \(now)")
        }
    }
}

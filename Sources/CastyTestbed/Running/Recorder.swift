import CastyCore
package import CastyObservability
import CastyReporting
import Synchronization

/// Collects the events of a run in their order, and computes their digest.
package final class Recorder: Sendable {
    private struct State {
        var events: [RuntimeEvent] = []
        var digest = StableHash()
        var sink: (@Sendable (RuntimeEvent) -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Records an event.
    package func record(_ event: RuntimeEvent) {
        let sink = state.withLock { state -> (@Sendable (RuntimeEvent) -> Void)? in
            state.events.append(event)
            // How links are shaped follows from the commands; a digest tells what the cluster makes of it.
            if event.node != EventID.network { state.digest.combine(event.json) }
            return state.sink
        }
        sink?(event)
    }

    /// Forwards each event from now on.
    package func forward(to sink: @escaping @Sendable (RuntimeEvent) -> Void) { state.withLock { $0.sink = sink } }

    /// How many events there are.
    package var count: Int { state.withLock { $0.events.count } }

    /// The latest event.
    package var last: RuntimeEvent? { state.withLock { $0.events.last } }

    /// The events from an index on.
    package func events(from index: Int = 0) -> [RuntimeEvent] {
        state.withLock { state in index < state.events.count ? Array(state.events[max(0, index)...]) : [] }
    }

    /// The hash of all events as JSON, but those of ``EventID/network``: the same for two runs with the same seed and
    /// scenario.
    package var digest: UInt64 { state.withLock { $0.digest.value } }
}

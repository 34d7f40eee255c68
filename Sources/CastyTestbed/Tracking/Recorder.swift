import CastyCore
package import CastyObservability
import Synchronization

/// Collects the events of a run, in the order in which they happened, and their digest.
package final class Recorder: Sendable {
    private struct State {
        var events: [RuntimeEvent] = []
        var digest = StableHash()
        var sink: (@Sendable (RuntimeEvent) -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Takes an event.
    package func record(_ event: RuntimeEvent) {
        let sink = state.withLock { state -> (@Sendable (RuntimeEvent) -> Void)? in
            state.events.append(event)
            state.digest.combine(event.json)
            return state.sink
        }
        sink?(event)
    }

    /// Passes each event on from now on.
    package func forward(to sink: @escaping @Sendable (RuntimeEvent) -> Void) { state.withLock { $0.sink = sink } }

    /// How many events there are.
    package var count: Int { state.withLock { $0.events.count } }

    /// The events from an index on.
    package func events(from index: Int = 0) -> [RuntimeEvent] {
        state.withLock { state in index < state.events.count ? Array(state.events[max(0, index)...]) : [] }
    }

    /// The hash of all events as JSON: the same for two runs of one seed and scenario.
    package var digest: UInt64 { state.withLock { $0.digest.value } }
}

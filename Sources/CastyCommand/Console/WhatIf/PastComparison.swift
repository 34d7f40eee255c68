import CastyConsole
import CastyCore
import CastyObservability

/// Compares what happened in a run with what happened when it was repeated with another setting.
///
/// Only what happened counts, and not when exactly: a message that names the setting has another size with another one,
/// so that all later times differ by less than a millisecond.
struct PastComparison {
    let past: FutureOutcome.Past

    /// What an event reports, without its time and its causes.
    private struct Fact: Hashable {
        let node: String
        let kind: EventKind
        let subject: String?
        let shard: Int?
        let entity: String?

        /// `nil` for what depends on the order of things that happen at almost the same time.
        init?(_ event: RuntimeEvent) {
            guard event.kind.level > .debug, event.kind != .converged, event.kind != .note else { return nil }
            (node, kind, subject) = (event.node, event.kind, event.subject)
            (shard, entity) = (event.shard, event.entity)
        }
    }

    init(_ real: [RuntimeEvent], _ repeated: [RuntimeEvent], until now: Instant) {
        // What happens at the very end may fall behind it in the other run.
        let end = now - .milliseconds(10)
        let (real, repeated) = (real.filter { $0.time < end }, repeated.filter { $0.time < end })
        let differences = [Self.difference(real, repeated), Self.difference(repeated, real)].compactMap(\.self)
        past = differences.min().map { .differs(since: $0) } ?? .same
    }

    /// The time of the first event that reports something which the other run has less often.
    private static func difference(_ events: [RuntimeEvent], _ others: [RuntimeEvent]) -> Instant? {
        var left: [Fact: Int] = [:]
        for fact in others.compactMap({ Fact($0) }) { left[fact, default: 0] += 1 }
        for event in events {
            guard let fact = Fact(event) else { continue }
            guard let count = left[fact], count > 0 else { return event.time }
            left[fact] = count - 1
        }
        return nil
    }
}

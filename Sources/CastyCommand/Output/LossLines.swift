import CastyCore
import CastyObservability

/// Bounds the lines about lost messages: peers that make a node lose many would fill the disk behind its output.
///
/// Each second has the first few lines; the next event after it says how many more there were. The node's ledger counts
/// all.
struct LossLines: Sendable {
    /// The most lines of one second.
    static let perSecond = 20

    private var second = Int64.min
    private var losses = 0

    /// What to write for an event: the event, unless it is a loss too many, and before it the number of losses of an
    /// earlier second that were not written.
    mutating func lines(for event: RuntimeEvent) -> [RuntimeEvent] {
        var lines: [RuntimeEvent] = []
        let now = event.time.nanoseconds / 1_000_000_000
        if now != second {
            if losses > Self.perSecond {
                let text = "\(losses - Self.perSecond) more messages were lost"
                lines.append(RuntimeEvent(time: event.time, id: event.id, kind: .note, detail: .text(text)))
            }
            (second, losses) = (now, 0)
        }
        if event.kind == .messageLost {
            losses += 1
            guard losses <= Self.perSecond else { return lines }
        }
        return lines + [event]
    }
}

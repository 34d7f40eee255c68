import CastySerialization

/// The signals exchanged with one incarnation of a peer: numbered from 1, acknowledged, and resent on the next
/// connection.
///
/// The window belongs to the incarnation and outlives connections, so each signal takes effect exactly once. At the
/// start of each connection both ends state which signals have arrived; only then are signals sent. If an end states
/// less than it once acknowledged, or more than was ever sent, one of the two has lost its state in between. The
/// waiting signals are then numbered anew.
struct SignalWindow: Sendable {
    /// How a signal's number relates to those that arrived before it.
    enum Arrival: Equatable {
        case new
        case duplicate
        /// A signal before it is missing. No peer that follows the protocol causes this.
        case gap
    }

    /// The number of the last signal the peer acknowledged.
    private var acknowledged: UInt64 = 0
    /// The highest number ever sent.
    private var highestSent: UInt64 = 0
    /// The signals before `head` are acknowledged. They are removed many at a time.
    private var waiting: [RemoteSignal] = []
    private var head = 0
    /// How many of the waiting signals were sent on this connection.
    private var sent = 0
    /// Whether the peer has acknowledged on this connection what has arrived so far.
    private var isOpen = false
    /// The number of the last signal that arrived from the peer.
    private(set) var arrived: UInt64 = 0
    private var owesAcknowledgement = false

    var isEmpty: Bool { count == 0 }
    var count: Int { waiting.count - head }
    /// About how many bytes the waiting signals take.
    private(set) var bytes = 0

    /// Whether there is something to send now.
    var hasSomethingToSay: Bool { owesAcknowledgement || (isOpen && sent < count) }

    mutating func append(_ signal: RemoteSignal) {
        bytes += signal.heldBytes
        waiting.append(signal)
    }

    /// Another connection begins.
    mutating func connectionBegan() {
        sent = 0
        isOpen = false
        owesAcknowledgement = true
    }

    /// The peer states that all signals up to a number have arrived.
    mutating func onAcknowledgement(_ number: UInt64) {
        // No association exchanges that many signals: the peer is broken or malicious.
        guard number <= UInt64.max / 2 else { return }
        if number < acknowledged || number > highestSent {
            // One of the two ends has lost its state. The count continues from the peer's number.
            acknowledged = number
            highestSent = number
            sent = 0
        } else {
            let news = Int(number - acknowledged)
            bytes -= waiting[head..<head + news].reduce(0) { $0 + $1.heldBytes }
            head += news
            if head == waiting.count || head > 4096 && head * 2 > waiting.count {
                waiting.removeFirst(head)
                head = 0
            }
            sent = max(0, sent - news)
            acknowledged = number
        }
        isOpen = true
    }

    mutating func onArrival(_ number: UInt64) -> Arrival {
        owesAcknowledgement = true
        if number <= arrived { return .duplicate }
        guard number == arrived &+ 1 else { return .gap }
        arrived = number
        return .new
    }

    /// What to send now: an acknowledgement, and at most `limit` signals with the number of the first.
    mutating func take(limit: Int) -> (acknowledgement: UInt64?, first: UInt64, signals: ArraySlice<RemoteSignal>) {
        let acknowledgement = owesAcknowledgement ? arrived : nil
        owesAcknowledgement = false
        guard isOpen else { return (acknowledgement, 0, []) }
        let start = sent
        let end = min(count, start + limit)
        sent = end
        highestSent = max(highestSent, acknowledged + UInt64(end))
        return (acknowledgement, acknowledged + UInt64(start) + 1, waiting[head + start..<head + end])
    }
}

import CastySerialization

/// The signals exchanged with one incarnation of a peer: numbered from 1, acknowledged, sent again on the next
/// connection.
///
/// The window belongs to the incarnation and outlives connections, so each signal takes effect exactly once. At the
/// start of each connection both ends say what arrived so far, and only then are signals sent. An end that says
/// less than it once acknowledged, or more than was ever sent, shows that one has forgotten the other in between;
/// what waits is then numbered anew.
struct SignalWindow: Sendable {
    /// What arrived, in its order.
    enum Arrival: Equatable {
        case new
        case duplicate
        /// One before it is missing, which no peer that keeps the protocol lets happen.
        case gap
    }

    /// The number of the last signal the peer acknowledged.
    private var acknowledged: UInt64 = 0
    /// The highest number ever sent.
    private var highestSent: UInt64 = 0
    /// Those before `head` are acknowledged; they are taken out many at a time.
    private var waiting: [RemoteSignal] = []
    private var head = 0
    /// How many of those that wait were sent on this connection.
    private var sent = 0
    /// Whether the peer has said on this connection what arrived so far.
    private var isOpen = false
    /// The number of the last signal of the peer's that arrived.
    private(set) var arrived: UInt64 = 0
    private var owesAcknowledgement = false

    var isEmpty: Bool { count == 0 }
    var count: Int { waiting.count - head }

    /// Whether there is something to send now.
    var hasSomethingToSay: Bool { owesAcknowledgement || (isOpen && sent < count) }

    mutating func append(_ signal: RemoteSignal) { waiting.append(signal) }

    /// Another connection begins.
    mutating func connectionBegan() {
        sent = 0
        isOpen = false
        owesAcknowledgement = true
    }

    /// The peer says that all signals up to a number have arrived.
    mutating func onAcknowledgement(_ number: UInt64) {
        // No association lives for so many signals: the peer is broken, or means harm.
        guard number <= UInt64.max / 2 else { return }
        if number < acknowledged || number > highestSent {
            // One of the two has forgotten the other since; the peer's count is the one that goes on.
            acknowledged = number
            highestSent = number
            sent = 0
        } else {
            let news = Int(number - acknowledged)
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

import CastyActors
import CastyCore
import CastyObservability
import CastySerialization

/// One of the two lanes of an association: its queue and its connection.
///
/// ```
///             something to say                  welcomed
///   idle ─────────────────────────▶ dialling ───────────────▶ active
///    ▲ ▲                             │    ▲                    │   ▲
///    │ └── nothing to say ───────────┤    │ backoff over       │   │ admitted
///    │                        failed ▼    │                    │   │ (from any state)
///    │                             waiting ◀── lost, something ┘   │
///    └──────────────── lost, nothing to say ───┘  to say
/// ```
struct LaneState: Sendable {
    enum Phase: Sendable {
        case idle
        /// A connection is about to be dialled.
        case starting
        case dialling(Link)
        case active(Link)
        /// Waiting for the time of the next attempt.
        case waiting
        case closed
    }

    /// Frames to remove from the queue.
    struct Purge: Sendable {
        var reason: LossReason
        /// Only those addressed to one incarnation.
        var onlyNumbered: Bool
    }

    var phase = Phase.idle
    var queue: Lane
    /// Whether a write has been requested, and the connection has not yet found the queue empty.
    var isWriteRequested = false
    /// Whether a connection is flushing the queue at this moment.
    var isDrawing = false
    /// The purges to apply when the flush ends.
    var purges: [Purge] = []
    var owesPing = false
    var failures = 0
    /// The number of answers from the address when the connection was dialled.
    var proofsAtDial: UInt64 = 0
    var attempt: UInt64 = 0
    /// `bytesSeen` and `bytesOutSeen` are the counts of received and sent bytes at the last keep-alive check.
    var bytesSeen: UInt64 = 0
    var bytesOut: UInt64 = 0
    var bytesOutSeen: UInt64 = 0
    var misses = 0
    var connections = 0

    init(limits: QueueLimits) {
        queue = Lane(limits: limits)
    }

    var isActive: Bool { if case .active = phase { true } else { false } }

    /// Whether this connection serves the lane.
    func isServed(by link: Link) -> Bool {
        if case .active(let own) = phase { own === link } else { false }
    }

    /// Whether this connection serves the lane, or is dialled for it.
    func concerns(_ link: Link) -> Bool {
        switch phase {
        case .active(let own), .dialling(let own): own === link
        case .idle, .starting, .waiting, .closed: false
        }
    }

    /// Removes frames from the queue, at once or as soon as no connection flushes it.
    mutating func purge(_ purge: Purge) -> [Effect] {
        guard !isDrawing else {
            purges.append(purge)
            return []
        }
        let lost = queue.remove { !purge.onlyNumbered || $0.destination.address.uid != 0 }
        return lost.isEmpty ? [] : [.lose(lost, purge.reason)]
    }

    /// Another connection serves the lane from now on.
    mutating func begin(_ link: Link) {
        phase = .active(link)
        failures = 0
        misses = 0
        bytesSeen = 0
        isWriteRequested = true
        connections += 1
    }
}

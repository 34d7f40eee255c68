import CastyActors
import CastyCore
import CastyObservability
import CastySerialization

/// One of the two lanes of an association: what waits in it, and the connection that takes it.
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
        /// For the time of the next attempt.
        case waiting
        case closed
    }

    /// Frames to take out of the queue.
    struct Purge: Sendable {
        var reason: LossReason
        /// Only those that are meant for one incarnation.
        var onlyNumbered: Bool
    }

    var phase = Phase.idle
    var queue: Lane
    /// Whether the connection has been asked to take bytes and has not yet found none.
    var isWriteRequested = false
    /// Whether a connection draws from the queue at this moment.
    var isDrawing = false
    /// What is to be purged from the queue when the drawing ends.
    var purges: [Purge] = []
    var owesPing = false
    var failures = 0
    /// How many answers had come from the place when the connection was dialled.
    var proofsAtDial: UInt64 = 0
    var attempt: UInt64 = 0
    /// How many bytes had come and gone when the connection was looked after last.
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

    /// Takes frames out of the queue, at once or as soon as no connection draws from it.
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

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

    /// Whether a connection is flushing the queue at this moment.
    enum Flushing: Sendable {
        case off
        /// The purges are applied when the flush ends.
        case on(purges: [Purge])

        var isOn: Bool {
            switch self {
            case .on: true
            case .off: false
            }
        }

        mutating func begin() { self = .on(purges: []) }

        mutating func end() -> [Purge] {
            defer { self = .off }
            switch self {
            case .on(let purges): return purges
            case .off: return []
            }
        }

        /// Returns whether the purge waits for the end of a flush.
        mutating func postpone(_ purge: Purge) -> Bool {
            guard case .on(let purges) = self else { return false }
            self = .on(purges: purges + [purge])
            return true
        }
    }

    /// What the last keep-alive check saw of a lane.
    struct KeepAlive: Sendable {
        private var received: UInt64 = 0
        private var sent: UInt64 = 0
        private var misses = 0

        /// Another connection serves the lane; the count of sent bytes goes on.
        mutating func begin() { (received, misses) = (0, 0) }

        /// Returns the number of checks in a row in which nothing had been received.
        mutating func misses(received now: UInt64) -> Int {
            misses = now == received ? misses + 1 : 0
            received = now
            return misses
        }

        /// Returns whether nothing was sent since the last check.
        mutating func isQuiet(sent now: UInt64) -> Bool {
            defer { sent = now }
            return now == sent
        }
    }

    var phase = Phase.idle
    var queue: Lane
    /// Whether a write has been requested, and the connection has not yet found the queue empty.
    var isWriteRequested = false
    var flushing = Flushing.off
    var owesPing = false
    var failures = 0
    /// The number of answers from the address when the connection was dialled.
    var proofsAtDial: UInt64 = 0
    var attempt: UInt64 = 0
    /// The bytes written on all connections of the lane.
    var bytesOut: UInt64 = 0
    var keepAlive = KeepAlive()
    var connections = 0

    init(limits: QueueLimits) {
        queue = Lane(limits: limits)
    }

    /// What a lane with something to send needs.
    enum Need {
        case nothing
        case write(Link)
        case connection
    }

    /// Notes that there is something to send. Decided here, where no copy of the lane is made: each message comes here.
    mutating func requestWrite() -> Need {
        switch phase {
        case .active(let link):
            if isWriteRequested { return .nothing }
            isWriteRequested = true
            return .write(link)
        case .idle: return .connection
        case .starting, .dialling, .waiting, .closed: return .nothing
        }
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
        if flushing.postpone(purge) { return [] }
        let lost = queue.remove { !purge.onlyNumbered || $0.destination.address.uid != 0 }
        return lost.isEmpty ? [] : [.lose(lost, purge.reason)]
    }

    /// Takes back what a flush did not write, and applies the purges that waited for its end.
    ///
    /// - Returns: The connection that serves the lane.
    mutating func endFlush(_ batch: inout Batch, _ flushed: Flushed, _ effects: inout [Effect]) -> Link? {
        queue.endFlush(&batch, flushed)
        for purge in flushing.end() { effects += self.purge(purge) }
        if case .active(let link) = phase { return link }
        return nil
    }

    /// Another connection serves the lane from now on.
    mutating func begin(_ link: Link) {
        phase = .active(link)
        failures = 0
        keepAlive.begin()
        isWriteRequested = true
        connections += 1
    }
}

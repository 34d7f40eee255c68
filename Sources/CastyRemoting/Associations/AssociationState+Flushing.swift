import CastyCore
import CastyObservability
import CastySerialization

/// What one write of a connection takes from an association, and how much of it was written.
struct Flush: Sendable {
    var control = Batch()
    var user = Batch()
    /// The lanes it was taken from.
    var lanes: [FrameLane] = []
    var acknowledgement: UInt64?
    var firstSignal: UInt64 = 0
    var signals: ArraySlice<RemoteSignal> = []
    var hasPing = false

    var flushedControl = Flushed()
    var flushedUser = Flushed()
    var frames: UInt64 = 0
    var bytes: UInt64 = 0
}

extension AssociationState {
    private static let signalsPerFlush = 128

    /// Hands out what is queued in the lanes that a connection serves, except a lane that a former connection still
    /// flushes.
    mutating func beginFlush(_ link: Link) -> Flush? {
        let hasControl = control.isServed(by: link) && !control.flushing.isOn
        let hasUser = user.isServed(by: link) && !user.flushing.isOn
        guard hasControl || hasUser else { return nil }
        if !isClosing, !hasSomethingToSay(for: link) {
            // The usual second call after a write. Nothing is taken, so nothing has to be taken back.
            endRequests(of: link)
            return nil
        }
        var flush = Flush()
        flush.lanes = hasControl && hasUser ? Self.lanes : ConnectionLanes(hasControl ? .control : .user).all
        if hasControl {
            control.flushing.begin()
            let said = signals.take(limit: Self.signalsPerFlush)
            (flush.acknowledgement, flush.firstSignal, flush.signals) = (said.acknowledgement, said.first, said.signals)
            flush.control = control.queue.beginFlush()
            flush.hasPing = control.owesPing
            control.owesPing = false
        }
        if hasUser {
            user.flushing.begin()
            flush.user = user.queue.beginFlush()
            flush.hasPing = flush.hasPing || user.owesPing
            user.owesPing = false
        }
        return flush
    }

    /// Takes back what was not written.
    ///
    /// - Returns: The effects, and whether the system is shutting down and nothing is left to write.
    mutating func endFlush(_ link: Link, _ flush: inout Flush) -> (isFinished: Bool, effects: [Effect]) {
        framesOut += flush.frames
        var effects: [Effect] = []
        var isPresent = false
        for lane in flush.lanes {
            let server: Link? =
                switch lane {
                case .control: control.endFlush(&flush.control, flush.flushedControl, &effects)
                case .user: user.endFlush(&flush.user, flush.flushedUser, &effects)
                }
            guard let server else { continue }
            if server === link { isPresent = true } else { effects.append(.write(server)) }
        }
        settle()
        if let lane = flush.lanes.first { self[lane].bytesOut += flush.bytes }
        if !flush.flushedControl.unwritable.isEmpty || !flush.flushedUser.unwritable.isEmpty {
            effects.append(.lose(flush.flushedControl.unwritable + flush.flushedUser.unwritable, .undecodable))
        }
        if !isPresent || flush.bytes > 0 { return (false, effects) }
        // The transport stops asking after an empty write, so anything queued since then needs another request.
        if hasSomethingToSay(for: link) { return (false, effects + [.write(link)]) }
        endRequests(of: link)
        return (isClosing, effects)
    }

    /// Whether something waits in the lanes that a connection serves.
    private func hasSomethingToSay(for link: Link) -> Bool {
        control.isServed(by: link) && hasSomethingToSay(.control) || user.isServed(by: link) && hasSomethingToSay(.user)
    }

    /// The connection has found nothing to write: what is queued from now on needs another request.
    private mutating func endRequests(of link: Link) {
        if control.isServed(by: link) { control.isWriteRequested = false }
        if user.isServed(by: link) { user.isWriteRequested = false }
    }

    private func hasSomethingToSay(_ lane: FrameLane) -> Bool {
        switch lane {
        case .control: !control.queue.isEmpty || control.owesPing || signals.hasSomethingToSay
        case .user: !user.queue.isEmpty || user.owesPing
        }
    }
}

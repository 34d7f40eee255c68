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

    var drawnControl = Flushed()
    var drawnUser = Flushed()
    var frames: UInt64 = 0
    var bytes: UInt64 = 0
}

extension AssociationState {
    private static let signalsPerDraw = 128

    /// Hands out what is queued in the lanes that a connection serves, except a lane that a former connection still
    /// flushes.
    mutating func beginDrawing(_ link: Link) -> Flush? {
        let hasControl = control.isServed(by: link) && !control.flushing.isOn
        let hasUser = user.isServed(by: link) && !user.flushing.isOn
        guard hasControl || hasUser else { return nil }
        var draw = Flush()
        draw.lanes = hasControl && hasUser ? Self.lanes : ConnectionLanes(hasControl ? .control : .user).all
        if hasControl {
            control.flushing.begin()
            let said = signals.take(limit: Self.signalsPerDraw)
            (draw.acknowledgement, draw.firstSignal, draw.signals) = (said.acknowledgement, said.first, said.signals)
            draw.control = control.queue.beginDrawing()
            draw.hasPing = control.owesPing
            control.owesPing = false
        }
        if hasUser {
            user.flushing.begin()
            draw.user = user.queue.beginDrawing()
            draw.hasPing = draw.hasPing || user.owesPing
            user.owesPing = false
        }
        return draw
    }

    /// Takes back what was not written.
    ///
    /// - Returns: The effects, and whether the system is shutting down and nothing is left to write.
    mutating func endDrawing(_ link: Link, _ draw: inout Flush) -> (isFinished: Bool, effects: [Effect]) {
        framesOut += draw.frames
        var effects: [Effect] = []
        var isPresent = false
        for lane in draw.lanes {
            let server: Link? =
                switch lane {
                case .control: control.endDrawing(&draw.control, draw.drawnControl, &effects)
                case .user: user.endDrawing(&draw.user, draw.drawnUser, &effects)
                }
            guard let server else { continue }
            if server === link { isPresent = true } else { effects.append(.write(server)) }
        }
        settle()
        if let lane = draw.lanes.first { self[lane].bytesOut += draw.bytes }
        if !draw.drawnControl.unwritable.isEmpty || !draw.drawnUser.unwritable.isEmpty {
            effects.append(.lose(draw.drawnControl.unwritable + draw.drawnUser.unwritable, .undecodable))
        }
        if !isPresent || draw.bytes > 0 { return (false, effects) }
        // The transport stops asking after an empty write, so anything queued since then needs another request.
        let (servesControl, servesUser) = (control.isServed(by: link), user.isServed(by: link))
        if servesControl && hasSomethingToSay(.control) || servesUser && hasSomethingToSay(.user) {
            return (false, effects + [.write(link)])
        }
        if servesControl { control.isWriteRequested = false }
        if servesUser { user.isWriteRequested = false }
        return (isClosing, effects)
    }

    private func hasSomethingToSay(_ lane: FrameLane) -> Bool {
        switch lane {
        case .control: !control.queue.isEmpty || control.owesPing || signals.hasSomethingToSay
        case .user: !user.queue.isEmpty || user.owesPing
        }
    }
}

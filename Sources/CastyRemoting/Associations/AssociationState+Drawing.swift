import CastyInspection
import CastyWire

/// What one pull of a connection takes from an association, and how much of it went out.
struct Draw: Sendable {
    var control: Batch
    var user: Batch
    var acknowledgement: UInt64?
    var firstSignal: UInt64
    var signals: ArraySlice<RemoteSignal>
    var hasPing: Bool

    var drawnControl = Drawn()
    var drawnUser = Drawn()
    var frames: UInt64 = 0
    var bytes: UInt64 = 0
}

extension AssociationState {
    private static let signalsPerDraw = 128

    /// Hands out what waits, unless the connection is no longer the present one or a former one still draws.
    mutating func beginDrawing(_ link: Link) -> Draw? {
        guard case .active(let own) = phase, own === link, !isDrawing else { return nil }
        isDrawing = true
        let said = signals.take(limit: Self.signalsPerDraw)
        let draw = Draw(
            control: control.beginDrawing(), user: user.beginDrawing(), acknowledgement: said.acknowledgement,
            firstSignal: said.first, signals: said.signals, hasPing: owesPing)
        owesPing = false
        return draw
    }

    /// Takes back what did not go out.
    ///
    /// - Parameter isFinished: Whether the connection was told that there are no more bytes.
    mutating func endDrawing(_ link: Link, _ draw: Draw) -> (isFinished: Bool, effects: [Effect]) {
        isDrawing = false
        control.endDrawing(draw.control, count: draw.drawnControl.count, bytes: draw.drawnControl.bytes)
        user.endDrawing(draw.user, count: draw.drawnUser.count, bytes: draw.drawnUser.bytes)
        figures.framesOut += draw.frames
        figures.bytesOut += draw.bytes
        var effects: [Effect] = []
        for purge in purges { effects += self.purge(purge) }
        purges = []
        let unwritable = draw.drawnControl.unwritable + draw.drawnUser.unwritable
        if !unwritable.isEmpty { effects.append(.lose(unwritable, .undecodable)) }
        guard case .active(let own) = phase else { return (false, effects) }
        guard own === link else { return (false, effects + [.write(own)]) }
        if draw.bytes > 0 { return (false, effects) }
        // An empty pull ends the pulling, so whatever came since needs another request.
        if !user.isEmpty || !control.isEmpty || signals.hasSomethingToSay || owesPing {
            return (false, effects + [.write(link)])
        }
        isWriteRequested = false
        return (isClosing, effects)
    }
}

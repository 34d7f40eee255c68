import CastyActors
import CastyCore
import CastySerialization
import NIOCore

/// The short way of messages whose target and type are known: decoded straight into the mailbox, in batches.
extension Link {
    /// Decodes a message of which target and type are known. All others take the long way.
    func take(_ short: ShortFrame, _ connection: any Connection) throws(WireError) {
        if let inlet = inlet(for: short) {
            if inlet !== openInlet {
                closeInlet()
                openInlet = inlet
            }
            do {
                var payload = short.payload
                return try inlet.take(&payload, short.codec, context)
            } catch {
                // The long way reports what is wrong.
            }
        }
        closeInlet()
        guard let association = established else { return }
        try take(decoder.frame(of: short), association, connection)
        look()
    }

    func look() {
        isObserved = remoting.observer != nil
        publications = remoting.system.publications
    }

    private func inlet(for short: ShortFrame) -> Inlet? {
        // A message with a context is delivered by itself, in that context.
        guard lanes.contains(short.lane), !isObserved, !TracePart.isIn(short.codec) else { return nil }
        return switch short.lane {
        case .control: controlNames.inlet(short.target, short.type, at: publications)
        case .user: userNames.inlet(short.target, short.type, at: publications)
        }
    }

    /// Delivers the decoded messages. What comes next may be for the same actor, so it MUST NOT overtake them.
    func closeInlet() {
        guard let inlet = openInlet else { return }
        openInlet = nil
        inlet.flush()
    }

    /// The next messages of this kind are decoded straight into the mailbox.
    func openWay<Message: Sendable>(to cell: MessageCell<Message>, for frame: Frame) {
        guard let target = frame.targetID, let type = frame.typeID, let address = frame.header.target,
            let registered = knownType(frame) as? RegisteredType<Message>
        else { return }
        // Read before the look: if another actor takes the path meanwhile, the inlet is out of date at once.
        let publications = remoting.system.publications
        if address.uid == 0 {
            guard known(published: frame, at: publications) === cell else { return }
        }
        let published = address.uid == 0 ? publications : nil
        let inlet: Inlet
        if let reader = ((cell as? RouteCell<Message>)?.route as? any EncodedReceiver)?.makeReader() {
            inlet = ReadingInlet(reader, type: type, publications: published)
        } else {
            inlet = TypedInlet(to: cell, registered, type: type, publications: published)
        }
        switch frame.lane {
        case .control: controlNames.set(inlet, target)
        case .user: userNames.set(inlet, target)
        }
    }

    private func known(published frame: Frame, at publications: UInt64) -> AnyActorCell? {
        switch frame.lane {
        case .control: controlNames.published(frame.targetID, at: publications)
        case .user: userNames.published(frame.targetID, at: publications)
        }
    }
}

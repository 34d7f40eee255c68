import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore
import Synchronization

extension Link {
    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {
        guard !isOver.load(ordering: .relaxed) else { return }
        bytesIn.wrappingAdd(UInt64(bytes.readableBytes), ordering: .relaxed)
        var frames: UInt64 = 0
        defer { closeInlet() }
        look()
        do throws(WireError) {
            decoder.append(bytes)
            while true {
                if established != nil, !isProbeConnection, let short = decoder.nextShort() {
                    frames += 1
                    if isOver.load(ordering: .relaxed) { return }
                    try take(short, connection)
                    continue
                }
                guard let frame = try decoder.next() else { break }
                closeInlet()
                frames += 1
                if isOver.load(ordering: .relaxed) { return }
                if let association = established {
                    if isProbeConnection {
                        try takeProbe(frame, association, connection)
                    } else {
                        try take(frame, association, connection)
                    }
                } else {
                    introduce(frame, connection)
                }
            }
            try countHeld()
            if authority == .member {
                readLargePiecesOfNode(connection)
            } else {
                holdReading(connection)
            }
            if let association = established, !isProbeConnection {
                association.framesIn.wrappingAdd(frames, ordering: .relaxed)
                association.bytesIn.wrappingAdd(UInt64(bytes.readableBytes), ordering: .relaxed)
            }
        } catch {
            closeInlet()
            remoting.warn(
                "bytes", of: origin,
                "closed \(connection.remoteDescription), which sent no frames: \(error)")
            connection.reset()
            report(LinkEnd(error: TransportError(.other, error.message)))
        }
    }

    private func introduce(_ frame: Frame, _ connection: any Connection) {
        let now = remoting.system.now
        let authentication = connection.authentication
        let effects = shared.withLock {
            $0.isOver ? [] : $0.handshake.onFrame(frame, from: authentication, at: now)
        }
        perform(effects, connection)
        established = shared.withLock { $0.isEstablished ? $0.association : nil }
    }

    func take(_ frame: Frame, _ association: Association, _ connection: any Connection) throws(WireError) {
        switch frame.kind {
        case .user, .control:
            guard lanes.contains(frame.lane) else {
                throw WireError(.malformed, "a \(frame.kind) came on the connection of the other lane")
            }
            try deliver(frame)
        case .reply:
            guard lanes.contains(frame.lane), frame.header.correlation != 0, frame.header.target == nil else {
                throw WireError(.malformed, "a reply came without the number of its ask")
            }
            var message = frame
            message.header.kind = .user
            message.header.target = remoting.system.ask(numbered: frame.header.correlation)
            message.header.correlation = 0
            try deliver(message)
        case .system:
            // Only nodes watch, are watched, and are asked anything.
            guard authority == .member else {
                return remoting.warn("signals", of: origin, "\(association.address) is no node, and sends signals")
            }
            guard try association.arrived(frame.header.correlation, on: self) else { return }
            var payload = frame.payload
            let signal: RemoteSignal
            do {
                signal = try RemoteSignal(from: &payload)
            } catch {
                // The signal is from a later version, or the peer has a bug. It counts as arrived, and the stream goes
                // on.
                return remoting.warn(
                    "signal", of: origin, "\(association.address) sent an unknown signal: \(error)")
            }
            guard association.carryOut(signal) else {
                remoting.system.inspector.lose(
                    .bufferFull, .control, target: remoting.system.address.description, type: "watch")
                throw WireError(.tooLarge, "\(association.address) is no member, and watches too many actors")
            }
        case .acknowledgement: association.acknowledged(frame.header.correlation, on: self)
        case .ping: break
        case .goodbye: connection.close()
        case .hello, .welcome, .refusal: throw WireError(.malformed, "a \(frame.kind) came after the handshake")
        }
    }

    /// Finds the actor and the type, decodes the message and delivers it, on the thread that read the bytes.
    func deliver(_ frame: Frame) throws(WireError) {
        guard let address = frame.header.target, let name = frame.header.type else {
            throw WireError(.malformed, "a message came without a target or a type")
        }
        if let observer = remoting.observer { observe(frame, observer) }
        if authority != .member, authority < Authority.needed(for: address.path) {
            return refuseForeign(frame, address, name)
        }
        guard let registered = knownType(frame) ?? findType(named: name, frame, address) else { return }
        if let known = knownTarget(frame) {
            return decode(
                frame, registered, address,
                into: Receiver(target: known, link: self, frame: frame))
        }
        guard address.node == remoting.system.address else {
            refuse(frame, .noSuchActor, "\(remoting.system.address) is not \(address.node)")
            return lose(.noSuchActor, address, name)
        }
        let publications = remoting.system.publications
        switch remoting.system.find(path: address.path, uid: address.uid) {
        case .found(let target):
            if address.uid != 0 { remember(target, frame) } else { remember(published: target, frame, publications) }
            decode(
                frame, registered, address,
                into: Receiver(target: target, link: self, frame: frame))
        case .missing(let reason): deliverNowhere(frame, registered, address, reason)
        }
    }

    /// Finds a type that this connection has not named before: one that this node knows, or else the one that the
    /// receiving actor takes, where it has this name.
    ///
    /// - Returns: `nil` where the message cannot be decoded; it is accounted for then.
    private func findType(named name: String, _ frame: Frame, _ address: ActorAddress) -> AnyRegisteredType? {
        let registry = remoting.system.registry
        if let found = registry.find(named: name) {
            remember(found, frame)
            return found
        }
        let shown = String(printable: name)
        guard address.node == remoting.system.address else {
            refuse(frame, .noSuchActor, "\(remoting.system.address) is not \(address.node)")
            lose(.noSuchActor, address, name)
            return nil
        }
        switch remoting.system.find(path: address.path, uid: address.uid) {
        case .missing(let reason): loseNowhere(frame, address, name, reason)
        case .found(let target):
            let own = target.registration(in: registry)
            if let own, own.name == name {
                remember(own, frame)
                return own
            }
            let taken = own.map { "takes a \($0.name)" } ?? "takes no messages from other nodes"
            remoting.warn(
                "type", of: origin, "a message of the unknown type \(shown) came for \(address), which \(taken)")
            let reason = "\(address) \(taken), not a \(shown)"
            target.post(.unanswered(.notDecodable, reason))
            refuse(frame, .notDecodable, reason)
            lose(.undecodable, address, name)
        }
        return nil
    }

    /// The peer has sent a message to an actor that takes messages only of those who may do more.
    private func refuseForeign(_ frame: Frame, _ address: ActorAddress, _ name: String) {
        let peer = established?.address.description ?? "a peer"
        let reason =
            "\(address) needs the capability \(Authority.needed(for: address.path)), and this peer has \(authority)"
        remoting.warn("authority", of: origin, "refused a \(name) of \(peer): \(reason)")
        notify(asker(of: frame), .failed, reason)
        lose(.notMember, address, name)
    }

    /// The actor does not run, and the type of the message is not known here either.
    private func loseNowhere(_ frame: Frame, _ address: ActorAddress, _ name: String, _ missing: LossReason) {
        lose(refuseMissing(frame, address, missing), address, name)
    }

    /// Refuses a question to an actor that does not run.
    ///
    /// - Returns: The reason for the loss of the message.
    private func refuseMissing(_ frame: Frame, _ address: ActorAddress, _ missing: LossReason) -> LossReason {
        if missing == .wrongIncarnation {
            refuse(frame, .nodeRemoved, "another incarnation lives at \(address.node)")
        } else {
            refuse(frame, .noSuchActor, "\(address) has stopped, or never lived")
        }
        return LossClass(path: address.path) == .reply && missing == .noSuchActor ? .lateReply : missing
    }

    /// The actor does not run: refuses a question, and makes a dead letter of the message.
    private func deliverNowhere(
        _ frame: Frame, _ registered: AnyRegisteredType, _ address: ActorAddress, _ missing: LossReason
    ) {
        let reason = refuseMissing(frame, address, missing)
        decode(
            frame, registered, address,
            into: DeadLetterReceiver(
                system: remoting.system, address: address, reason, LossClass(path: address.path)))
    }

    private func decode(
        _ frame: Frame, _ registered: AnyRegisteredType, _ address: ActorAddress,
        into receiver: some DecodedMessageReceiver
    ) {
        var payload = frame.payload
        do {
            try inContext(of: frame.header.codec, &payload) { payload, codec in
                try registered.decode(from: &payload, codec: codec, context: context, into: receiver)
            }
        } catch {
            let sender = established.map { " from \($0.address)" } ?? ""
            let reason = "a \(registered.name)\(sender): \(UnreadableMessage.explain(error))"
            remoting.warn("decode \(registered.name)", of: origin, "cannot read \(reason)")
            refuse(frame, .notDecodable, "\(remoting.system.address) cannot read \(reason)")
            lose(.undecodable, address, registered.name)
        }
    }

    /// Reads the context that a message may begin with, and delivers the message in it.
    private func inContext(
        of codec: CodecID, _ payload: inout ByteBuffer, _ deliver: (inout ByteBuffer, CodecID) throws -> Void
    ) throws {
        guard TracePart.isIn(codec) else { return try deliver(&payload, codec) }
        let (texts, codec) = (try TracePart.read(from: &payload), TracePart.unmarked(codec))
        guard let tracer = remoting.system.tracing?.tracer, let context = tracer.context(of: texts) else {
            return try deliver(&payload, codec)
        }
        try tracer.run(in: context) { try deliver(&payload, codec) }
    }

    /// Notifies the asks behind a message that is not handled here: the one that the message would have answered, and
    /// the one that waits for a reply to it.
    private func refuse(_ frame: Frame, _ code: AskError.Code, _ reason: String) {
        for asker in [frame.header.target, asker(of: frame)] {
            notify(asker, code, reason)
        }
    }

    fileprivate func notify(_ asker: ActorAddress?, _ code: AskError.Code, _ reason: String) {
        if let asker, let established { remoting.tell(asker, code, reason, by: established, authority) }
    }

    fileprivate func asker(of frame: Frame) -> ActorAddress? {
        frame.header.asker(from: established?.address, system: remoting.system.name)
    }

    private func lose(_ reason: LossReason, _ address: ActorAddress, _ type: String) {
        remoting.system.inspector.lose(
            reason, LossClass(path: address.path), target: address.description, type: String(printable: type))
    }

    func knownType(_ frame: Frame) -> AnyRegisteredType? {
        switch frame.lane {
        case .control: controlNames.type(frame.typeID)
        case .user: userNames.type(frame.typeID)
        }
    }

    private func knownTarget(_ frame: Frame) -> AnyActorCell? {
        switch frame.lane {
        case .control:
            controlNames.target(frame.targetID)
                ?? controlNames.published(frame.targetID, at: remoting.system.publications)
        case .user:
            userNames.target(frame.targetID) ?? userNames.published(frame.targetID, at: remoting.system.publications)
        }
    }

    private func remember(_ type: AnyRegisteredType, _ frame: Frame) {
        switch frame.lane {
        case .control: controlNames.set(type, frame.typeID)
        case .user: userNames.set(type, frame.typeID)
        }
    }

    private func remember(published target: AnyActorCell, _ frame: Frame, _ publications: UInt64) {
        switch frame.lane {
        case .control: controlNames.set(published: target, frame.targetID, at: publications)
        case .user: userNames.set(published: target, frame.targetID, at: publications)
        }
    }

    private func remember(_ target: AnyActorCell, _ frame: Frame) {
        switch frame.lane {
        case .control: controlNames.set(target, frame.targetID)
        case .user: userNames.set(target, frame.targetID)
        }
    }
}

/// Puts a message into the mailbox of its type.
private struct Receiver: DecodedMessageReceiver {
    let target: AnyActorCell
    let link: Link
    let frame: Frame

    func receive<Message: Sendable>(_ message: Message) {
        if let typed = target as? MessageCell<Message> {
            typed.tell(message)
            link.openWay(to: typed, for: frame)
        } else {
            let reason = "\(target.address) does not take a \(String(describing: Message.self))"
            target.post(.unanswered(.notDecodable, reason))
            link.notify(link.asker(of: frame), .notDecodable, reason)
            target.system.lose(message, to: target, because: .refused(.undecodable))
        }
    }
}

/// Records a message without a receiver in the loss ledger. The message may state its loss class itself.
private struct DeadLetterReceiver: DecodedMessageReceiver {
    let system: ActorSystem
    let address: ActorAddress
    let reason: LossReason
    let lossClass: LossClass

    init(system: ActorSystem, address: ActorAddress, _ reason: LossReason, _ lossClass: LossClass) {
        self.system = system
        self.address = address
        self.reason = reason
        self.lossClass = lossClass
    }

    func receive<Message: Sendable>(_ message: Message) {
        var lossClass: LossClass? = lossClass
        if let own = message as? any LossClassified { lossClass = own.lossClass }
        guard let lossClass else { return }
        system.inspector.lose(reason, lossClass, target: address.description, type: String(describing: Message.self))
    }
}

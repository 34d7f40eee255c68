import CastyActors
import CastyCore
import CastySerialization
import Synchronization

extension Link {
    /// Carries out what the handshake decided.
    func perform(_ effects: [Handshake.Effect], _ connection: any Connection) {
        for effect in effects {
            switch effect {
            case .send(let message):
                shared.withLock { $0.messages.append(message) }
                connection.requestWrite()
            case .arm(let deadline): arm(deadline, connection)
            case .decide(let peer): decide(peer, connection)
            case .established(let peer): establish(peer, connection)
            case .close(let failure): close(failure, connection)
            }
        }
    }

    private func arm(_ deadline: Instant, _ connection: any Connection) {
        // A probe connection that this node dialled has one deadline for its whole duration.
        if isProbeConnection { return }
        let timer = remoting.system.world.scheduler.schedule(at: deadline) { [self] in
            let now = remoting.system.now
            let (effects, current) = shared.withLock {
                ($0.isOver ? [] : $0.handshake.onDeadline(at: now), $0.connection)
            }
            // Another thread may serve the connection since, with an object of its own.
            perform(effects, current ?? connection)
        }
        let isLate = shared.withLock { shared in
            if !shared.isOver { shared.deadline = timer }
            return shared.isOver
        }
        if isLate { timer.cancel() }
    }

    private func decide(_ peer: Handshake.Peer, _ connection: any Connection) {
        remoting.introductionEnded(self)
        isProbeConnection = peer.capabilities.isProbeConnection
        lanes = peer.capabilities.lanes
        // Before anything is written: another event loop may serve the connection from now on.
        if lanes == .user || peer.authority != .member, !isProbeConnection { connection.moveToUsers() }
        let admission: Admission
        if isProbeConnection {
            let association = remoting.known(peer.address.address)
            shared.withLock { $0.association = association }
            admission = association?.admitProbeConnection(self, peer) ?? .refuse(.busy, "")
        } else if let association = remoting.association(accepting: peer.address.address, from: host(connection)) {
            shared.withLock { $0.association = association }
            admission = association.admit(self, peer)
        } else {
            admission = remoting.isClosing ? .refuse(.shuttingDown, "") : .refuse(.busy, "too many nodes")
        }
        let now = remoting.system.now
        let effects = shared.withLock { shared in
            switch admission {
            case .welcome: return shared.handshake.onAdmitted(at: now)
            case .refuse(let reason, let message):
                shared.association = nil
                return shared.handshake.onRefused(reason, message, at: now)
            }
        }
        perform(effects, connection)
    }

    private func establish(_ peer: Handshake.Peer, _ connection: any Connection) {
        decoder.maximumLength = remoting.settings.frameLimit
        authority = peer.authority
        if authority != .member { context = remoting.context(confinedTo: peer.address.address) }
        context.peer = peer.address
        writer.peerReadsReplies = peer.capabilities.readsReplies
        if isQuestion {
            report(LinkEnd(error: TransportError(.closed, "answered"), answerer: peer.address))
            return connection.close()
        }
        if isProbeConnection, isDialled {
            shared.withLock { if !$0.isOver { $0.isEstablished = true } }
            return connection.requestWrite()
        }
        let (association, timer) = shared.withLock { shared in
            if !shared.isOver { shared.isEstablished = true }
            defer { shared.deadline = nil }
            return (shared.association, shared.deadline)
        }
        timer?.cancel()
        if isProbeConnection { return limitProbeConnection() }
        // An accepted connection joined its association when the peer was admitted.
        if isDialled, association?.welcomed(self, by: peer) != true { return abandon(orderly: true) }
        connection.requestWrite()
    }

    private func close(_ failure: HandshakeFailure, _ connection: any Connection) {
        let hasMessages = shared.withLock { shared in
            shared.closesAfterMessages = true
            return !shared.messages.isEmpty
        }
        if !isProbeConnection { warn(failure, connection) }
        switch failure.code {
        case .timedOut, .outOfTurn, .refusedWithoutProof: connection.reset()
        case .refused, .refuses, .closed: if !hasMessages { connection.close() }
        }
        let code: TransportError.Code =
            failure.code == .timedOut ? .timedOut : failure.code == .closed ? .closed : .refused
        report(
            LinkEnd(
                error: TransportError(code, failure.message, answer: failure.answer),
                isDuplicate: failure.code == .refused(.duplicate), answerer: failure.answerer))
    }

    private func warn(_ failure: HandshakeFailure, _ connection: any Connection) {
        switch failure.code {
        // These are normal when two nodes dial each other at once, and when nodes start and stop.
        case .refused(.duplicate), .refuses(.duplicate), .closed, .refused(.shuttingDown), .refuses(.shuttingDown):
            return
        case .refused(let reason):
            remoting.warn(
                "refused \(reason)", of: origin,
                "\(host(connection)) refuses this node, \(reason): \(failure.message)")
        case .refuses(let reason):
            remoting.noteRefusal(reason)
            remoting.warn(
                "refuses \(reason)", of: origin, "refused \(host(connection)), \(reason): \(failure.message)")
        case .timedOut, .outOfTurn, .refusedWithoutProof:
            remoting.warn(
                "handshake", of: origin, "closed \(host(connection)) in the handshake: \(failure.message)")
        }
    }

    /// The protection of the connection has ended it: one end does not accept the credentials of the other.
    func warn(_ error: TransportError, _ connection: any Connection) {
        if !isDialled { remoting.noteRefusal(.notAuthenticated) }
        remoting.warn("credentials", of: origin, "no connection with \(host(connection)): \(error.message)")
    }

    /// The peer's host and port; for an accepted connection the host alone, because its port differs each time.
    func host(_ connection: any Connection) -> String {
        isDialled ? connection.remoteDescription : Self.host(of: connection)
    }

    /// The host at the other end.
    static func host(of connection: any Connection) -> String {
        let text = connection.remoteDescription
        return text.lastIndex(of: ":").map { String(text[..<$0]) } ?? text
    }
}

extension HandshakeFailure {
    /// The incarnation that answered. A refusal states it, and so does a welcome by an incarnation other than the one
    /// called.
    fileprivate var answerer: UniqueAddress? {
        switch code {
        case .refused, .refuses(.wrongIncarnation): peer
        case .refuses, .timedOut, .outOfTurn, .closed, .refusedWithoutProof: nil
        }
    }

    /// What a refusal by either side means for further attempts.
    fileprivate var answer: TransportError.PeerAnswer? {
        let text = String(printable: message)
        return switch code {
        case .refused(.wrongCluster), .refused(.notAddressed), .refused(.wrongVersion), .refused(.notAuthenticated),
            .refused(.notAllowed):
            .wrongNode("it says: \(text)")
        case .refuses(.wrongCluster), .refuses(.notAddressed), .refuses(.wrongVersion), .refuses(.notAuthenticated),
            .refuses(.notAllowed):
            .wrongNode(text)
        case .refused, .refuses, .refusedWithoutProof: .notNow
        case .timedOut, .outOfTurn, .closed: nil
        }
    }
}

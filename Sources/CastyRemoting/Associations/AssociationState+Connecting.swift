import CastyActors
import CastyInspection
import CastyPrimitives
import CastyWire

extension AssociationState {
    mutating func beginDialling(_ link: Link) -> Bool {
        guard case .starting = phase else { return false }
        phase = .dialling(link)
        return true
    }

    /// The pause between two attempts is over. Returns whether to dial.
    mutating func retry(_ attempt: UInt64) -> Bool {
        guard case .waiting = phase, attempt == self.attempt else { return false }
        guard wantsConnection else {
            phase = .idle
            return false
        }
        phase = .starting
        return true
    }

    /// A peer has introduced itself on a connection it dialled.
    ///
    /// Where both ends dial at the same time, the connection that the lower of the two dialled is the one that stays.
    mutating func admit(_ link: Link, _ peer: Handshake.Peer, local: UniqueAddress) -> (Admission, [Effect]) {
        if isClosing { return (.refuse(.shuttingDown, ""), []) }
        if former.contains(peer.address.incarnation) {
            return (.refuse(.wrongIncarnation, "another has taken that place since"), [])
        }
        switch phase {
        case .idle, .waiting, .starting, .closed:
            return (.welcome, activate(link, peer))
        case .dialling(let own):
            if local < peer.address { return (.refuse(.duplicate, ""), []) }
            return (.welcome, activate(link, peer) + [.close(own)])
        case .active(let current):
            // A peer dials only when it has no connection, so its old one is dead; but its hello may have been on
            // the way when it took the one dialled from here. That one is then the winner; if it is dead after all,
            // a ping brings this to light.
            if self.peer == peer.address, current.isDialled, local < peer.address {
                owesPing = true
                isWriteRequested = true
                return (.refuse(.duplicate, ""), [.write(current)])
            }
            return (.welcome, activate(link, peer) + [.reset(current)])
        }
    }

    mutating func welcomed(_ link: Link, by peer: Handshake.Peer) -> [Effect]? {
        guard case .dialling(let own) = phase, own === link else { return nil }
        return activate(link, peer)
    }

    private mutating func activate(_ link: Link, _ peer: Handshake.Peer) -> [Effect] {
        var effects: [Effect] = []
        if let known = self.peer, known != peer.address {
            former.append(known.incarnation)
            if former.count > 16 { former.removeFirst() }
            effects += dropIncarnation()
        }
        expect(peer.address)
        if self.peer != peer.address, !peer.capabilities.observe { effects.append(.introduce(peer.address)) }
        self.peer = peer.address
        isCallable = peer.capabilities.isCallable
        phase = .active(link)
        failures = 0
        misses = 0
        isWriteRequested = true
        figures.connections += 1
        signals.connectionBegan()
        return effects + [.write(link), .watchOver(link), .changed]
    }

    mutating func ended(_ link: Link, _ end: LinkEnd) -> [Effect] {
        if link.isCall {
            forgetCall(link)
            return []
        }
        switch phase {
        case .dialling(let own) where own === link:
            if end.isDuplicate { return rest() }
            failures += 1
            return [.failed(end.error), .changed] + rest()
        case .active(let own) where own === link:
            isWriteRequested = false
            let lost: [Effect] = peer.map { [.lost($0)] } ?? []
            if isDeaf, !isClosing {
                phase = .idle
                return lost + dropIncarnation() + purge(Purge(reason: .unreachable, onlyNumbered: false)) + [.gone]
            }
            return lost + rest() + [.changed]
        case .idle, .starting, .dialling, .active, .waiting, .closed: return []
        }
    }

    /// There is no connection and no attempt at one: waits for the next attempt, or for something to say.
    private mutating func rest() -> [Effect] {
        phase = .idle
        if isClosing { return close() }
        var effects: [Effect] = []
        if failures >= settings.reconnectAttempts, !isKept {
            failures = 0
            effects += purge(Purge(reason: .unreachable, onlyNumbered: false))
        }
        guard wantsConnection else { return effects }
        phase = .waiting
        attempt += 1
        return effects + [.retry(backoff(), attempt: attempt)]
    }

    private mutating func backoff() -> Duration {
        var pause = settings.reconnectMinimum
        for _ in 0..<min(max(failures - 1, 0), 32) where pause < settings.reconnectMaximum { pause = pause * 2 }
        pause = min(pause, settings.reconnectMaximum)
        return pause * (1 - settings.reconnectJitter * chance.unit())
    }

    /// The cluster says that an incarnation is gone.
    mutating func forget(_ incarnation: UniqueAddress, isRemoved: Bool) -> [Effect] {
        guard peer == nil || peer == incarnation, !isClosing else { return [] }
        var effects = endCalls()
        switch phase {
        case .active(let link), .dialling(let link):
            phase = .idle
            isWriteRequested = false
            effects.append(.reset(link))
        case .starting, .waiting: phase = .idle
        case .idle, .closed: break
        }
        if isRemoved { effects += watches.removeAll().map { .terminated($0) } + [.failAsks] }
        signals = SignalWindow()
        removed = incarnation
        isKept = false
        failures = 0
        effects += purge(Purge(reason: .wrongIncarnation, onlyNumbered: true))
        effects += purge(Purge(reason: .unreachable, onlyNumbered: false))
        return effects + [.changed]
    }

    /// One keep-alive pause has passed. `nil` where the connection is no longer the present one.
    mutating func lookAfter(_ link: Link, bytesIn: UInt64) -> [Effect]? {
        guard case .active(let own) = phase, own === link else { return nil }
        misses = bytesIn == bytesSeen ? misses + 1 : 0
        bytesSeen = bytesIn
        if misses >= settings.keepAliveMisses { return giveUp(link, "not a byte from \(place)") }
        defer { bytesOutSeen = figures.bytesOut }
        if figures.bytesOut == bytesOutSeen {
            owesPing = true
            if case .write = nextStep() { return [.write(link), .watchOver(link)] }
        }
        return [.watchOver(link)]
    }

    private mutating func giveUp(_ link: Link, _ reason: String) -> [Effect] {
        [.reset(link)] + ended(link, LinkEnd(error: TransportError(.timedOut, reason)))
    }

    /// The cluster has found the present connection to be of no use.
    mutating func redial(_ incarnation: UniqueAddress) -> [Effect] {
        guard case .active(let link) = phase, peer == incarnation, !isClosing else { return [] }
        return giveUp(link, "\(place) answers elsewhere only")
    }

    /// The system ends: says what waits and goodbye.
    mutating func beginClosing() -> [Effect] {
        isClosing = true
        isKept = false
        let ends = endCalls()
        switch phase {
        case .active(let link):
            isWriteRequested = true
            return ends + [.write(link)]
        case .dialling(let link): return ends + close() + [.close(link)]
        case .idle, .starting, .waiting, .closed: return ends + close()
        }
    }

    mutating func close() -> [Effect] {
        var effects: [Effect] = []
        if case .active(let link) = phase { effects.append(.close(link)) }
        if case .closed = phase { return [] }
        isClosing = true
        phase = .closed
        signals = SignalWindow()
        return effects + purge(Purge(reason: .shutdown, onlyNumbered: false)) + [.closed]
    }
}

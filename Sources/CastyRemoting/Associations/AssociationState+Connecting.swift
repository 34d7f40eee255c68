import CastyActors
import CastyCore
import CastyObservability
import CastySerialization

extension AssociationState {
    mutating func beginDialling(_ link: Link) -> Bool {
        var isWanted = false
        for lane in link.lanes.all {
            guard case .starting = self[lane].phase else { continue }
            self[lane].phase = .dialling(link)
            self[lane].proofsAtDial = identity.proofs
            isWanted = true
        }
        return isWanted
    }

    /// The pause between two attempts has ended. Returns the next step.
    mutating func retry(_ lane: FrameLane, _ attempt: UInt64) -> NextStep {
        guard case .waiting = self[lane].phase, attempt == self[lane].attempt else { return .none }
        guard wantsConnection(lane) else {
            self[lane].phase = .idle
            return .none
        }
        return startDialling(lane)
    }

    /// A peer has introduced itself on a connection that it dialled.
    ///
    /// Each lane decides on its own. Where both ends dial for a lane at the same time, the connection that the node
    /// with the lower address dialled stays.
    mutating func admit(_ link: Link, _ peer: Handshake.Peer, local: UniqueAddress) -> (Admission, [Effect]) {
        if isClosing { return (.refuse(.shuttingDown, ""), []) }
        // Detached after the lookup in the table. The peer tries again.
        if isDetached { return (.refuse(.busy, ""), []) }
        // The handshake has compared the address with the authority already. A node's lanes and a client's never meet.
        guard cannotBeDialled == (peer.authority != .member) else {
            return (.refuse(.notAllowed, "\(address) is not that of such a peer"), [])
        }
        if identity.isFormer(peer.address) {
            return (.refuse(.wrongIncarnation, "another incarnation has that address since"), [])
        }
        if isContested(peer.address) {
            return (
                .refuse(.busy, "another incarnation is known at \(address): it is asked first"),
                askForIncarnation(peer.address, isClaim: true)
            )
        }
        var replaced: [Effect] = []
        for lane in link.lanes.all {
            switch self[lane].phase {
            case .idle, .waiting, .starting, .closed: break
            case .dialling(let own):
                if local < peer.address { return (.refuse(.duplicate, ""), []) }
                replaced.append(.close(own))
            case .active(let current):
                // A connection from elsewhere does not replace one from the very address. If that one is dead, a ping
                // detects it.
                if self.peer == peer.address, isFromAddress(current), !isFromAddress(link) {
                    self[lane].owesPing = true
                    self[lane].isWriteRequested = true
                    return (.refuse(.duplicate, ""), [.write(current)])
                }
                // A peer dials only when it has no connection, so its old one is dead. Its hello may, however, have
                // been in flight when it accepted the connection dialled from here. That connection then stays; if it
                // is dead after all, a ping detects that.
                if self.peer == peer.address, current.isDialled, local < peer.address {
                    self[lane].owesPing = true
                    self[lane].isWriteRequested = true
                    return (.refuse(.duplicate, ""), [.write(current)])
                }
                replaced.append(.reset(current))
            }
        }
        return (.welcome, activate(link, peer) + replaced)
    }

    /// The peer has welcomed this node on a connection that this node dialled.
    ///
    /// - Returns: The effects, and whether the connection is still wanted.
    mutating func welcomed(_ link: Link, by peer: Handshake.Peer) -> (isWanted: Bool, effects: [Effect]) {
        let lanes = link.lanes.all.filter { self[$0].concerns(link) }
        guard !lanes.isEmpty else { return (false, []) }
        guard self.peer == peer.address || lanes.allSatisfy({ self[$0].proofsAtDial == identity.proofs }) else {
            // Another connection has been answered since this one was dialled. Which of the two answers is the later
            // one is unknown.
            return (false, askForIncarnation(peer.address, isClaim: false) + lanes.flatMap { rest($0) })
        }
        identity.noteAnswer()
        let isNews = !identity.isProven(peer.address)
        let effects = activate(link, peer)
        identity.known?.isProven = true
        return (true, (isNews && !peer.capabilities.observe ? [.introduce(peer.address)] : []) + effects)
    }

    private mutating func activate(_ link: Link, _ peer: Handshake.Peer) -> [Effect] {
        var effects: [Effect] = []
        if let known = self.peer, known != peer.address {
            effects += replacePeer(by: peer.address, keeping: link.lanes.all)
        }
        identity.meet(
            peer.address, acceptsProbeConnections: peer.capabilities.acceptsProbeConnections, version: peer.version)
        for lane in link.lanes.all { self[lane].begin(link) }
        if link.lanes.contains(.control) { signals.connectionBegan() }
        return effects + [.write(link), .watchOver(link), .changed]
    }

    mutating func ended(_ link: Link, _ end: LinkEnd) -> [Effect] {
        if link.isProbeConnection {
            forgetProbeConnection(link)
            return []
        }
        var effects: [Effect] = []
        var wasActive = false
        for lane in Self.lanes where self[lane].concerns(link) {
            if self[lane].isActive {
                wasActive = true
                effects += lost(lane, peer: lane == link.lanes.all.first ? peer : nil)
            } else if end.isDuplicate {
                effects += rest(lane)
            } else {
                self[lane].failures += 1
                // While the other lane is connected, the address is reachable.
                if !isActive { effects.append(.failed(end.error)) }
                effects += [.changed] + rest(lane)
            }
        }
        if wasActive, cannotBeDialled, !isClosing, !isActive {
            effects += dropIncarnation() + purge(.unreachable, onlyNumbered: false)
            effects.append(.gone)
        }
        return effects
    }

    /// The connection of a lane has ended.
    mutating func lost(_ lane: FrameLane, peer: UniqueAddress?) -> [Effect] {
        self[lane].isWriteRequested = false
        var effects: [Effect] = peer.map { [.lost($0)] } ?? []
        if cannotBeDialled, !isClosing {
            // This node cannot dial an observer. The observer may dial again.
            self[lane].phase = .idle
            effects += self[lane].purge(.init(reason: .unreachable, onlyNumbered: false))
            settle()
        } else {
            effects += rest(lane)
        }
        return effects + [.changed]
    }

    /// The lane has no connection and no attempt under way: waits for the next attempt, or until there is something to
    /// send.
    mutating func rest(_ lane: FrameLane) -> [Effect] {
        self[lane].phase = .idle
        if isClosing { return close(lane) }
        var effects: [Effect] = []
        if self[lane].failures >= settings.reconnectAttempts, lane == .user || !isKept {
            self[lane].failures = 0
            effects += self[lane].purge(.init(reason: .unreachable, onlyNumbered: false))
            settle()
            // The cluster reports the removal of a member. For a non-member nothing does, so the watches end here.
            if lane == .control, !isMember {
                signals = SignalWindow()
                effects += endWatches(keepingLatest: false) + endHeld()
                settle()
            }
        }
        guard wantsConnection(lane) else { return effects }
        self[lane].phase = .waiting
        self[lane].attempt += 1
        return effects + [.retry(backoff(self[lane].failures), lane, attempt: self[lane].attempt)]
    }

    private mutating func backoff(_ failures: Int) -> Duration {
        var pause = settings.reconnectMinimum
        for _ in 0..<min(max(failures - 1, 0), 32) where pause < settings.reconnectMaximum { pause = pause * 2 }
        pause = min(pause, settings.reconnectMaximum)
        return pause * (1 - settings.reconnectJitter * generator.unit())
    }

    /// The cluster reports that an incarnation is gone.
    mutating func forget(_ incarnation: UniqueAddress, isRemoved: Bool) -> [Effect] {
        guard !isClosing else { return [] }
        if identity.expected == incarnation { identity.expected = nil }
        guard peer == nil || peer == incarnation else { return [] }
        // Another incarnation is expected here: messages for it stay queued.
        let isReplaced = identity.expected != nil
        var effects = endProbeConnections()
        for lane in Self.lanes {
            switch self[lane].phase {
            case .active(let link), .dialling(let link):
                self[lane].phase = .idle
                self[lane].isWriteRequested = false
                effects.append(.reset(link))
            case .starting, .waiting: self[lane].phase = .idle
            case .idle, .closed: break
            }
            self[lane].failures = 0
        }
        identity.known = nil
        signals = SignalWindow()
        if isRemoved { effects += endWatches(keepingLatest: isReplaced) + endHeld() }
        if isReplaced {
            effects += purge(.wrongIncarnation, onlyNumbered: true)
            return effects + Self.lanes.flatMap { rest($0) } + [.changed]
        }
        if isRemoved { effects.append(.failAsks) }
        identity.removed = incarnation
        isKept = false
        effects += purge(.wrongIncarnation, onlyNumbered: true)
        effects += purge(.unreachable, onlyNumbered: false)
        return effects + [.changed]
    }

    /// One keep-alive pause has passed. Returns `nil` where the connection no longer serves a lane.
    mutating func lookAfter(_ link: Link, bytesIn: UInt64) -> [Effect]? {
        guard let lane = Self.lanes.first(where: { self[$0].isServed(by: link) }) else { return nil }
        if self[lane].keepAlive.misses(received: bytesIn) >= settings.keepAliveMisses {
            return giveUp(link, "not a byte from \(address)")
        }
        if self[lane].keepAlive.isQuiet(sent: self[lane].bytesOut) {
            self[lane].owesPing = true
            if case .write = nextStep(lane) { return [.write(link), .watchOver(link)] }
        }
        return [.watchOver(link)]
    }

    private mutating func giveUp(_ link: Link, _ reason: String) -> [Effect] {
        [.reset(link)] + ended(link, LinkEnd(error: TransportError(.timedOut, reason)))
    }

    /// The cluster reports that the control connection does not work. What blocks it blocks the user connection too.
    mutating func reconnect(_ incarnation: UniqueAddress) -> [Effect] {
        guard peer == incarnation, !isClosing else { return [] }
        var effects: [Effect] = []
        for lane in Self.lanes {
            if case .active(let link) = self[lane].phase {
                effects += giveUp(link, "\(address) answers elsewhere only")
            }
        }
        return effects
    }

    /// The system shuts down: flushes the queues and sends a goodbye.
    mutating func beginClosing() -> [Effect] {
        lifecycle = .closing
        isKept = false
        var effects = endProbeConnections() + endQuestion()
        for lane in Self.lanes {
            switch self[lane].phase {
            case .active(let link):
                self[lane].isWriteRequested = true
                effects.append(.write(link))
            case .dialling(let link): effects += [.close(link)] + close(lane)
            case .idle, .starting, .waiting, .closed: effects += close(lane)
            }
        }
        return effects
    }

    mutating func close() -> [Effect] {
        lifecycle = .closing
        return Self.lanes.flatMap { close($0) }
    }

    private mutating func close(_ lane: FrameLane) -> [Effect] {
        var effects: [Effect] = []
        if case .active(let link) = self[lane].phase { effects.append(.close(link)) }
        if case .closed = self[lane].phase { return [] }
        self[lane].phase = .closed
        effects += self[lane].purge(.init(reason: .shutdown, onlyNumbered: false))
        settle()
        if case .closed = control.phase, case .closed = user.phase {
            signals = SignalWindow()
            settle()
            effects.append(.closed)
        }
        return effects
    }
}

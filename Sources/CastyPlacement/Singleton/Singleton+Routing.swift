import CastyCore

extension Singleton {
    /// The route of a message at present.
    private enum Route {
        case here(UInt64)
        case there(UniqueAddress)
        case nowhere
    }

    /// - Parameter origin: The node that sent the message. It is not sent back: that node will learn of the change too.
    private func way(from origin: UniqueAddress?) -> Route {
        switch phase {
        case .running(let incarnation, let isPaused): return isPaused ? .nowhere : .here(incarnation)
        case .stopping: return .nowhere
        case .absent: break
        }
        guard let home, home != own, home != origin, view.member(home)?.isSilent == false else { return .nowhere }
        return .there(home)
    }

    /// Accepts a message, behind those that wait.
    mutating func take(_ message: Buffered, at now: Instant, _ effects: inout Effects) {
        guard lifecycle != .shutDown else {
            effects.append(.lost(message.payload, .shutdown))
            return
        }
        if buffer.isEmpty, pass(message, &effects) { return }
        if let cause = refusal(of: message.asks, at: now) {
            effects.append(.refused(message.payload, cause))
            return
        }
        guard buffer.count < settings.bufferLimit else {
            effects.append(.lost(message.payload, .bufferFull))
            return
        }
        buffer.append(message)
    }

    /// Buffers the messages that it had not handled when it ended, ahead of all later ones.
    mutating func keepAhead(_ unhandled: [Payload], _ effects: inout Effects) {
        let room = max(0, settings.bufferLimit - buffer.count)
        for payload in unhandled.dropFirst(room) { effects.append(.lost(payload, .bufferFull)) }
        buffer.insert(contentsOf: unhandled.prefix(room).map { Buffered(payload: $0, hops: 0) }, at: 0)
    }

    /// Sends the buffered messages as far as possible, and fails the questions that no longer wait.
    mutating func flush(at now: Instant, _ effects: inout Effects) {
        var count = 0
        while count < buffer.count, pass(buffer[count], &effects) { count += 1 }
        buffer.removeFirst(count)
        guard buffer.contains(where: { $0.asks != nil }) else { return }
        var left: [Buffered] = []
        for message in buffer {
            if let cause = refusal(of: message.asks, at: now) {
                effects.append(.refused(message.payload, cause))
            } else {
                left.append(message)
            }
        }
        buffer = left
    }

    /// Why a question that has no route now fails at once; `nil` if it waits, and for messages that are not questions.
    private func refusal(of asks: AskPatience?, at now: Instant) -> Unavailability? {
        guard let asks, !settings.mutations.contains(.hidesFromAskers) else { return nil }
        guard let home else {
            guard asks != .waitForNewNode, let cause = view.absence(role: settings.role) else { return nil }
            return cause
        }
        guard asks == .failFast else { return nil }
        if home != own { return view.member(home)?.isSilent == true ? .nodeUnreachable(home.address) : nil }
        // It should run here, but a removed or unreachable member may still run it.
        guard phase == .absent, isWaiting else { return nil }
        if crashHold > now { return .waitsForLease }
        return awaited.first { $0.status == .down || $0.isSilent }.map { .nodeUnreachable($0.node.address) }
    }

    /// - Returns: Whether the message was sent or lost, so that it need not be buffered.
    private func pass(_ message: Buffered, _ effects: inout Effects) -> Bool {
        switch way(from: message.from) {
        case .here(let incarnation): effects.append(.deliver(message.payload, to: incarnation))
        case .there(let node):
            if message.hops < Self.mostHops {
                effects.append(.send(to: node, .deliver(message.payload, hops: message.hops + 1, asks: message.asks)))
            } else {
                effects.append(.lost(message.payload, .wrongHome))
            }
        case .nowhere: return false
        }
        return true
    }
}

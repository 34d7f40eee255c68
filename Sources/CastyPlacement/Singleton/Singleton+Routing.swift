import CastyPrimitives

extension Singleton {
    /// Where a message can go at present.
    private enum Way {
        case here(UInt64)
        case there(UniqueAddress)
        case nowhere
    }

    /// - Parameter origin: Where the message came from. It does not go back: whoever sent it here will hear of the change too.
    private func way(from origin: UniqueAddress?) -> Way {
        switch phase {
        case .running(let life): return isPaused ? .nowhere : .here(life)
        case .stopping: return .nowhere
        case .absent: break
        }
        guard let home, home != own, home != origin, view.member(home)?.isReachable == true else { return .nowhere }
        return .there(home)
    }

    /// Takes a message: behind those that wait.
    mutating func take(_ message: Kept, _ effects: inout Effects) {
        guard !isShutDown else {
            effects.append(.lost(message.payload, .shutdown))
            return
        }
        if buffer.isEmpty, pass(message, &effects) { return }
        guard buffer.count < settings.bufferLimit else {
            effects.append(.lost(message.payload, .bufferFull))
            return
        }
        buffer.append(message)
    }

    /// What it had not handled when it ended goes ahead of all that came later.
    mutating func keepAhead(_ unhandled: [Payload], _ effects: inout Effects) {
        let room = max(0, settings.bufferLimit - buffer.count)
        for payload in unhandled.dropFirst(room) { effects.append(.lost(payload, .bufferFull)) }
        buffer.insert(contentsOf: unhandled.prefix(room).map { Kept(payload: $0, hops: 0) }, at: 0)
    }

    /// Sends what was kept, as far as it can go.
    mutating func flush(_ effects: inout Effects) {
        var count = 0
        while count < buffer.count, pass(buffer[count], &effects) { count += 1 }
        buffer.removeFirst(count)
    }

    /// - Returns: Whether the message need not be kept.
    private func pass(_ message: Kept, _ effects: inout Effects) -> Bool {
        switch way(from: message.from) {
        case .here(let life): effects.append(.deliver(message.payload, to: life))
        case .there(let node):
            if message.hops < Self.mostHops {
                effects.append(.send(to: node, .deliver(message.payload, hops: message.hops + 1)))
            } else {
                effects.append(.lost(message.payload, .wrongHome))
            }
        case .nowhere: return false
        }
        return true
    }
}

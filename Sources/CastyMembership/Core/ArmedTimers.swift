import CastyCore

/// Which timers are set, and for when. The timers of single peers are stored with their monitors.
struct ArmedTimers: Sendable {
    private var due: [(key: TimerKey, at: Instant)] = []
    private var reposted: [TimerKey] = []

    subscript(key: TimerKey) -> Instant? {
        get { due.first { $0.key == key }?.at }
        set {
            due.removeAll { $0.key == key }
            if let newValue { due.append((key, newValue)) }
        }
    }

    /// Records that a late timer was put at the end of the mailbox; `false` when it already was.
    mutating func markReposted(_ key: TimerKey) -> Bool {
        if reposted.contains(key) { return false }
        reposted.append(key)
        return true
    }

    mutating func unmarkReposted(_ key: TimerKey) {
        if !reposted.isEmpty { reposted.removeAll { $0 == key } }
    }
}

extension Membership {
    func armed(_ key: TimerKey) -> Instant? {
        switch key {
        case .suspicion(let peer): monitorIndex(peer).flatMap { detection.monitors[$0].timer }
        case .join, .heartbeat, .gossip, .spread, .leaderActions, .downing, .lease, .leave, .seedProbe, .exit:
            timers[key]
        }
    }

    mutating func arm(_ key: TimerKey, at due: Instant) {
        setTimer(key, due)
        effects.append(.schedule(key, at: due))
    }

    mutating func cancel(_ key: TimerKey) {
        guard armed(key) != nil else { return }
        setTimer(key, nil)
        effects.append(.cancel(key))
    }

    mutating func disarm(_ key: TimerKey) { setTimer(key, nil) }

    private mutating func setTimer(_ key: TimerKey, _ due: Instant?) {
        switch key {
        case .suspicion(let peer):
            if let index = monitorIndex(peer) { detection.monitors[index].timer = due }
        case .join, .heartbeat, .gossip, .spread, .leaderActions, .downing, .lease, .leave, .seedProbe, .exit:
            timers[key] = due
        }
    }
}

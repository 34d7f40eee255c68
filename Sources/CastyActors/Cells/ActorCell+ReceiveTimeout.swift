import CastyCore

/// The message an actor wants when it has received none for a time.
struct ReceiveTimeout<Message: Sendable> {
    let timeout: Duration
    let message: Message
    let generation: UInt64
    /// When the actor had last handled all that it had received.
    var lastActivity: Instant
    var scheduled: any ScheduledTimer
}

extension ActorCell {
    func setReceiveTimeout(_ timeout: Duration, _ message: Message) {
        guard lifecycle == .running || lifecycle == .starting else { return }
        cancelReceiveTimeout()
        let coldState = needColdState()
        coldState.timerGeneration &+= 1
        let generation = coldState.timerGeneration
        coldState.receiveTimeout = ReceiveTimeout(
            timeout: timeout, message: message, generation: generation, lastActivity: system.now,
            scheduled: scheduleReceiveTimeout(generation, at: system.now + timeout))
        notesActivity = true
    }

    func cancelReceiveTimeout() {
        notesActivity = false
        guard let coldState else { return }
        coldState.receiveTimeout?.scheduled.cancel()
        coldState.receiveTimeout = nil
    }

    private func scheduleReceiveTimeout(_ generation: UInt64, at deadline: Instant) -> any ScheduledTimer {
        system.world.scheduler.schedule(at: deadline) { [weak self] in
            self?.post(.receiveTimeout(generation: generation))
        }
    }

    /// The actor has handled a message, and nothing waits.
    @usableFromInline
    func noteActivity() { coldState?.receiveTimeout?.lastActivity = system.now }

    func receiveTimeoutFired(_ generation: UInt64) {
        guard lifecycle == .running, let coldState, var timeout = coldState.receiveTimeout,
            timeout.generation == generation
        else { return }
        let now = system.now
        let isWaiting = !isBatchDone || mailbox.current.has(.mail)
        let isDue = !isWaiting && now >= timeout.lastActivity + timeout.timeout
        // One timer for all messages: it looks again at the time when the newest one would be too long ago.
        if isWaiting || isDue { timeout.lastActivity = now }
        timeout.scheduled = scheduleReceiveTimeout(generation, at: timeout.lastActivity + timeout.timeout)
        coldState.receiveTimeout = timeout
        if isDue { handleNow(timeout.message) }
    }
}

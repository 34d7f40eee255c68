import CastyCore

extension ActorCell {
    func startTimer(key: String, message: Message, after delay: Duration, every interval: Duration?) {
        guard lifecycle == .running || lifecycle == .starting else { return }
        let coldState = needColdState()
        coldState.timers.removeValue(forKey: key)?.scheduled.cancel()
        coldState.timerGeneration &+= 1
        arm(TimerToken(key: key, generation: coldState.timerGeneration), message, after: delay, every: interval)
    }

    private func arm(_ token: TimerToken, _ message: Message, after delay: Duration, every interval: Duration?) {
        let scheduled = system.world.scheduler.schedule(after: delay) { [weak self] in self?.post(.timer(token)) }
        needColdState().timers[token.key] = RunningTimer(
            generation: token.generation, message: message, interval: interval, scheduled: scheduled)
    }

    func cancelTimer(key: String) { coldState?.timers.removeValue(forKey: key)?.scheduled.cancel() }

    func cancelTimers() {
        guard let coldState else { return }
        for timer in coldState.timers.values { timer.scheduled.cancel() }
        coldState.timers = [:]
        cancelReceiveTimeout()
    }

    /// A timer counts only if it is the one last started under its key. So no tick of a replaced timer, or of one from
    /// before a restart, is handled.
    func timerFired(_ token: TimerToken) {
        guard lifecycle == .running, let coldState, let timer = coldState.timers[token.key],
            timer.generation == token.generation
        else { return }
        if let interval = timer.interval {
            arm(token, timer.message, after: interval, every: interval)
        } else {
            coldState.timers[token.key] = nil
        }
        if notesActivity { noteActivity() }
        handleNow(timer.message)
    }

    /// Handles a message that is not from the mailbox before those that are.
    func handleNow(_ message: Message) {
        switch behavior.kind {
        case .handle(let handler): handleNow(message, handler)
        case .receive(let receiver): handleNow(message, receiver.onMessage)
        case .receiveAsync: putInFront([message])
        case .same, .stopped, .unhandled, .empty, .ignore, .setup, .supervised, .unstash, .dispatched, .awaiting: break
        }
    }

    private func handleNow(
        _ message: Message, _ handler: (ActorContext<Message>, Message) throws -> Behavior<Message>
    ) {
        do {
            become(try handler(ActorContext(self), message), after: message)
        } catch {
            fail(error)
        }
    }
}

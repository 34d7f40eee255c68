import CastyCore

extension ActorCell {
    func startTimer(key: String, message: Message, after delay: Duration, every interval: Duration?) {
        guard lifecycle == .running || lifecycle == .starting else { return }
        let coldState = needColdState()
        coldState.timers.removeValue(forKey: key)?.scheduled.cancel()
        coldState.timerGeneration &+= 1
        // A repeated message is sent for nothing in particular: else a request would last as long as the timer.
        let context = interval == nil ? system.tracing?.tracer.current : nil
        arm(
            TimerToken(key: key, generation: coldState.timerGeneration), message, after: delay, every: interval,
            in: context)
    }

    private func arm(
        _ token: TimerToken, _ message: Message, after delay: Duration, every interval: Duration?,
        in context: (any TraceContext)? = nil
    ) {
        let scheduled = system.world.scheduler.schedule(after: delay) { [weak self] in self?.post(.timer(token)) }
        needColdState().timers[token.key] = RunningTimer(
            generation: token.generation, message: message, interval: interval, scheduled: scheduled,
            context: context)
    }

    func cancelTimer(key: String) { coldState?.timers.removeValue(forKey: key)?.scheduled.cancel() }

    func cancelTimers() { if let coldState { cancelTimers(of: coldState) } }

    // Apart: a function that handles timers begins by looking up their type, and most actors have none.
    @inline(never)
    private func cancelTimers(of coldState: ColdState<Message>) {
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
        coldState.firingTimer = token.key
        handleNow(timer.message, in: timer.context)
        coldState.firingTimer = nil
    }

    /// Handles a message that is not from the mailbox before those that are.
    ///
    /// - Parameter context: What it was sent for.
    func handleNow(_ message: Message, in context: (any TraceContext)? = nil) {
        switch behavior.kind {
        case .handle(let handler): handleNow(message, context, handler)
        case .receive(let receiver): handleNow(message, context, receiver.onMessage)
        case .receiveAsync: putInFront([PostponedMessage(message: message, context: context)])
        case .same, .stopped, .unhandled, .empty, .ignore, .setup, .supervised, .unstash, .dispatched, .awaiting: break
        }
    }

    private func handleNow(
        _ message: Message, _ context: (any TraceContext)?,
        _ handler: (ActorContext<Message>, Message) throws -> Behavior<Message>
    ) {
        // The handler looks for it under the number of the message that was taken last.
        if let context { system.tracing?.noteInFront([context], after: consumed &+ UInt64(next) &- 1, for: uid) }
        do {
            become(try handler(ActorContext(self), message), after: message)
        } catch {
            fail(error)
        }
    }
}

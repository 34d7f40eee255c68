import CastyCore
import Logging
import Synchronization

/// How a system ends:
///
/// ```
///   tasks ──▶ users' actors stop ──▶ the runtime's own stop ──▶ connections close ──▶ ended
///   └─────── half the time is over ───────┘└─ three quarters ──┘└─ all of it ──────────┘
/// ```
///
/// A handler that does not return delays its actor and all its ancestors. At the marked times the system continues
/// without them.
extension ActorSystem {
    /// The default limit for shutting down a system.
    public static var terminationLimit: Duration { .seconds(10) }

    /// Shuts the system down: users' actors stop, then the runtime's own, then the connections close.
    ///
    /// - Parameters:
    ///   - limit: How long that may take, whatever handlers do. Of several limits the shortest counts.
    ///   - completion: Called once when the system has ended; at once where it already has.
    package func terminate(
        within limit: Duration = ActorSystem.terminationLimit, completion: @escaping @Sendable () -> Void
    ) {
        enum Step {
            case wait, done
            case begin(ActorCell<Never>?)
        }
        let step = state.withLock { state -> Step in
            if state.terminated { return .done }
            state.whenTerminated.append(completion)
            if state.terminating { return .wait }
            state.terminating = true
            return .begin(state.user)
        }
        if case .done = step { return completion() }
        // Set first, because everything may have ended when the next line returns.
        setDeadlines(limit)
        if case .begin(let user) = step {
            shutdown.run([.beforeActorsStop], atMost: limit / 4) { user?.post(.stop) }
        }
    }

    /// Shuts the system down and waits until it has ended.
    ///
    /// - Parameter limit: How long that may take, whatever handlers do. Actors that still run then are logged and left
    ///   behind.
    public func terminate(within limit: Duration = ActorSystem.terminationLimit) async {
        await withCheckedContinuation { continuation in terminate(within: limit) { continuation.resume() } }
    }

    /// Whether the system is shutting down or has ended.
    public var isTerminating: Bool { state.withLock { $0.terminating } }

    /// Calls back once when the system has ended or was abandoned; at once where it already has. Parts of the runtime
    /// use it to release each other.
    package func whenEnded(_ action: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state -> Bool in
            if !state.terminated { state.whenEnded.append(action) }
            return state.terminated
        }
        if isOver { action() }
    }

    private func setDeadlines(_ limit: Duration) {
        let (scheduler, link) = (world.scheduler, link)
        let timers = [
            scheduler.schedule(after: limit / 2) { link.system?.goOnWithout(.user, after: limit) },
            scheduler.schedule(after: limit * 3 / 4) { link.system?.goOnWithout(.system, after: limit) },
            scheduler.schedule(after: limit) { link.system?.ended() },
        ]
        let isLate = state.withLock { state in
            if !state.terminated { state.deadlines += timers }
            return state.terminated
        }
        if isLate { for timer in timers { timer.cancel() } }
    }

    /// The time for the actors under one root is over: those that still run are logged and left behind.
    private func goOnWithout(_ root: Root, after limit: Duration) {
        let guardian = state.withLock { state -> ActorCell<Never>? in
            guard let guardian = state[root] else { return nil }
            state.leftBehind.append(guardian)
            return guardian
        }
        guard let guardian else { return }
        let running = unfinished(under: guardian)
        let shown =
            running.prefix(10).joined(separator: ", ") + (running.count > 10 ? " and \(running.count - 10) more" : "")
        log.warning(
            "ends within \(limit) without waiting for what still runs: \(shown.isEmpty ? guardian.pathText : shown)")
        guardianStopped(guardian)
    }

    /// The actors that delay others: those that have not stopped and wait for no child.
    private func unfinished(under target: AnyActorCell) -> [String] {
        let living = target.livingChildren
        if living.isEmpty { return target.parent == nil ? [] : [target.pathText] }
        return living.flatMap { unfinished(under: $0) }
    }

    func guardianStopped(_ guardian: AnyActorCell) {
        enum Step {
            case none
            case stop(ActorCell<Never>?)
            case close((any RemoteAccess)?)
        }
        let step = state.withLock { state -> Step in
            if guardian === state.user {
                state.user = nil
                return .stop(state.system)
            }
            // A guardian that was left behind may stop later, which changes nothing.
            guard guardian === state.system else { return .none }
            state.system = nil
            return .close(state.remote)
        }
        switch step {
        case .none: break
        case .stop(let system): system?.post(.stop)
        case .close(let remote?): remote.shutdown { [self] in ended() }
        case .close(nil): ended()
        }
    }

    private func ended() {
        let isFirst = state.withLock { state in
            defer { state.terminated = true }
            return !state.terminated
        }
        guard isFirst else { return }
        for ask in asks.close() {
            ask.fail(AskError(.shutdown, asking: ask.question.address.description, because: "\(unique) has ended"))
        }
        let callbacks = letGo()
        for callback in callbacks { callback() }
        inspector.forgetSections()
    }

    /// Releases what the system holds, and returns the callbacks to call.
    private func letGo() -> [@Sendable () -> Void] {
        let (callbacks, deadlines, others) = state.withLock { state in
            defer {
                (state.user, state.system, state.remote) = (nil, nil, nil)
                (state.exposed, state.wellKnown, state.fallbacks, state.parts) = ([:], [:], [], [:])
                state.deadLetters = []
                (state.whenTerminated, state.whenEnded, state.deadlines) = ([], [], [])
            }
            return (
                state.whenTerminated + state.whenEnded, state.deadlines,
                (state.exposed, state.wellKnown, state.fallbacks, state.remote, state.parts)
            )
        }
        for deadline in deadlines { deadline.cancel() }
        link.clear()
        // Released outside the lock: releasing them may run deinitializers.
        withExtendedLifetime(others) {}
        return callbacks
    }

    /// Releases everything that a killed node holds, and cancels its questions.
    ///
    /// Actors and their system refer to each other, and nothing of a killed node runs to break the cycle. MUST be
    /// called after the dispatcher and the scheduler have been killed, when no turn runs any more.
    package func abandon() {
        for ask in asks.close() { ask.fail(AskError(.cancelled, asking: ask.question.address.description)) }
        let roots = state.withLock { state -> [AnyActorCell] in
            (state.terminating, state.terminated) = (true, true)
            // The completions of `terminate` are not called: a killed node never ends in that sense.
            state.whenTerminated = []
            defer { state.leftBehind = [] }
            return state.leftBehind + [state.user, state.system].compactMap { $0 }
        }
        let callbacks = letGo()
        for root in roots { root.abandon() }
        for callback in callbacks { callback() }
        inspector.forgetSections()
    }
}

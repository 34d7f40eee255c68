import CastyCore
import Logging
import Synchronization

extension ActorCell {
    /// Runs the initial behavior, at the start and at each restart.
    @inlinable
    func start() {
        if case .handle = initial.kind, coldState == nil {
            // Most actors begin so.
            lifecycle = .running
            behavior = initial
            return
        }
        startInOrder()
    }

    @usableFromInline
    func startInOrder() {
        lifecycle = .running
        guard let coldState else { return become(initial, after: nil) }
        coldState.supervisions = []
        // A restart loses no message but the one that failed.
        let stashed = coldState.stash?.take() ?? []
        become(initial, after: nil)
        putInFront(stashed)
    }

    /// Continues with the behavior that a handler returned.
    @usableFromInline
    func become(_ following: Behavior<Message>, after message: Message?) {
        var following = following
        var isSupervised = false
        while true {
            switch following.kind {
            case .same: return
            case .unhandled:
                if let message { system.unhandled(message, by: self) }
                return
            case .stopped: return beginStop()
            case .empty, .ignore, .handle, .receive, .receiveAsync:
                behavior = following
                return
            case .awaiting(let awaiting):
                return inContext(awaiting.context) { begin(message, awaiting.work) }
            case .supervised(let supervised):
                let coldState = needColdState()
                if !isSupervised { coldState.supervisions = [] }
                isSupervised = true
                coldState.supervisions.append(supervised)
                following = supervised.behavior
            case .dispatched(let dispatched):
                changesDispatcher = dispatcher != dispatched.dispatcher
                dispatcher = dispatched.dispatcher
                following = dispatched.behavior
            case .unstash(let unstash):
                putInFront(unstash.buffer.take())
                following = unstash.behavior
            case .setup(let factory):
                do {
                    following = try factory(ActorContext(self))
                    if case .same = following.kind { return fail(BehaviorError.setupReturnedSame) }
                } catch {
                    return fail(error)
                }
            }
        }
    }

    func needColdState() -> ColdState<Message> {
        if let coldState { return coldState }
        let made = ColdState<Message>()
        coldState = made
        return made
    }

    func handle(_ signal: SystemMessage) {
        if isSuspended { handleSuspended(signal) } else { handleAtOnce(signal) }
    }

    func handleAtOnce(_ signal: SystemMessage) {
        switch signal {
        case .stop: beginStop()
        case .watch(let watcher, let watched):
            let coldState = needColdState()
            if coldState.watchers[watcher] == nil { coldState.watchers[watcher] = watched }
        case .unwatch(let watcher, _): coldState?.watchers[watcher] = nil
        // An actor that may not run acts on nothing: these signals wait until it may.
        case .terminated(let news): if mayAct(on: signal) { watchedActorEnded(news) }
        case .childStopped(let child): childStopped(child)
        case .timer(let token): if mayAct(on: signal) { timerFired(token) }
        case .receiveTimeout(let generation): if mayAct(on: signal) { receiveTimeoutFired(generation) }
        case .restart(let generation):
            if lifecycle == .restarting, generation == coldState?.generation, mayAct(on: signal) { start() }
        case .resume:
            let held = coldState?.held ?? []
            coldState?.held = []
            for signal in held { handle(signal) }
        // Of a handler that was given up.
        case .job, .unanswered: break
        }
    }

    /// Whether the actor may act on a signal now; if not, the signal waits for the end of the pause.
    private func mayAct(on signal: SystemMessage) -> Bool {
        if !isHooked || mayRun() { return true }
        if lifecycle != .stopping, lifecycle != .stopped { needColdState().held.append(signal) }
        return false
    }

    /// Passes a signal to the behavior. An error in it counts as the actor's failure.
    func signal(_ signal: Signal) {
        guard let onSignal = behavior.onSignal else { return unhandled(signal) }
        pass(signal, to: onSignal)
    }

    // Apart, as most behaviors handle none: see below.
    @inline(never)
    private func pass(
        _ signal: Signal, to onSignal: (ActorContext<Message>, Signal) throws -> Behavior<Message>
    ) {
        do {
            let following = try onSignal(ActorContext(self), signal)
            if case .unhandled = following.kind { return unhandled(signal) }
            if lifecycle == .running { become(following, after: nil) }
        } catch {
            if lifecycle == .running {
                fail(error)
            } else {
                system.log.error("\(path): failed while stopping: \(error)")
            }
        }
    }

    /// The end of a watched actor must be handled; other signals need not be.
    private func unhandled(_ signal: Signal) {
        guard lifecycle == .running, case .terminated(let news) = signal else { return }
        fail(DeathPactError(news: news))
    }

    private func watchedActorEnded(_ news: Terminated) {
        switch coldState?.watching.remove(news.ref) {
        case .message(let message): tell(message)
        case .signal: signal(.terminated(news))
        case nil: break
        }
    }

    private func childStopped(_ child: AnyActorCell) {
        guard family?.remove(child) ?? true else { return }
        if lifecycle == .stopping { finish() } else if lifecycle == .restarting { scheduleRestart() }
    }

    /// Notifies the asker that the handler of its question has failed, and reacts to the error.
    @usableFromInline
    func fail(_ error: any Error, handling message: Message?) {
        if let message { Questions.fail(in: message, .failed, "\(error)") }
        fail(error)
    }

    /// Reacts to an error thrown by a handler, as the supervision strategy says.
    @usableFromInline
    func fail(_ error: any Error) {
        switch coldState?.supervisions.last(where: { $0.covers(error) })?.strategy ?? .stop {
        case .stop:
            system.log.error("\(pathText): stopped by an error: \(error)")
            needColdState().failure = error
            beginStop()
        case .resume:
            system.log.warning("\(pathText): went on after an error: \(error)")
        case .restart(let limit, let window, let backoff):
            let coldState = needColdState()
            coldState.backoff = backoff
            let now = system.now
            coldState.restarts.removeAll { $0 + window <= now }
            guard coldState.restarts.count < limit else {
                system.log.error("\(pathText): stopped, failed more than \(limit) times: \(error)")
                coldState.failure = error
                return beginStop()
            }
            coldState.restarts.append(now)
            system.log.warning("\(pathText): restarts after an error: \(error)")
            beginRestart()
        }
    }

    private func beginRestart() {
        // Set first, so that nothing the handler of its last signal does can stop it or fail it again.
        lifecycle = .restarting
        signal(.preRestart)
        let coldState = needColdState()
        coldState.generation &+= 1
        cancelTimers()
        behavior = .empty
        let living = livingChildren
        for child in living { child.post(.stop) }
        if living.isEmpty { scheduleRestart() }
    }

    private func scheduleRestart() {
        guard let coldState else { return start() }
        let delay = coldState.backoff.delay(restart: coldState.restarts.count, probability: system.unitRandom())
        if delay <= .zero { return start() }
        let generation = coldState.generation
        _ = system.world.scheduler.schedule(after: delay) { [weak self] in self?.post(.restart(generation: generation))
        }
    }

    func beginStop() {
        guard lifecycle != .stopping, lifecycle != .stopped else { return }
        lifecycle = .stopping
        cancelTimers()
        let living = family(orElse: .childless).close()
        for child in living { child.post(.stop) }
        if living.isEmpty { finish() }
    }

    /// Ends the actor: sends its last signal, disposes of the remaining messages, and notifies its watchers.
    private func finish() {
        signal(.postStop)
        lifecycle = .stopped
        behavior = .stopped
        initial = .stopped
        let stash = coldState?.stash
        let postponed = frontCount
        let handled = consumed &+ UInt64(next) &+ UInt64(postponed)
        let (waiting, signals) = closeMailbox()
        system.actorStopped(self, handled: handled, failure: coldState?.failure)
        if stash != nil || waiting != nil || isHooked { dispose(of: stash, waiting ?? [], postponed: postponed) }
        let reason: Terminated.Reason = coldState?.failure == nil ? .stopped : .failed
        for (watcher, watched) in coldState?.watchers.inOrder ?? [] {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: reason)))
        }
        for case .watch(let watcher, let watched) in signals {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: reason)))
        }
        if let coldState { forget(coldState) }
        if let parent { parent.post(.childStopped(self)) } else { system.guardianStopped(self) }
    }
}

// What few actors need at their end. Apart and never inlined: code that does not know the type of the messages looks up
// the types of what it handles when it begins.
extension ActorCell {
    /// Tells the actors that this one watches that it does so no more, and ends its adapters.
    @inline(never)
    private func forget(_ coldState: ColdState<Message>) {
        let me = AnyActorRef(self)
        for (watched, _) in coldState.watching.inOrder { watched.target.post(.unwatch(me, watched)) }
        for adapter in coldState.adapters.values.sorted(by: { $0.uid < $1.uid }) { system.unexpose(adapter) }
        self.coldState = nil
    }

    /// Disposes of the messages that no handler has seen.
    ///
    /// - Parameters:
    ///   - stash: Those that the actor has set aside.
    ///   - waiting: Those of the mailbox.
    ///   - postponed: How many of these it has had before.
    @inline(never)
    private func dispose(of stash: StashBuffer<Message>?, _ waiting: [Message], postponed: Int) {
        let stashed = stash?.take().map(\.message) ?? []
        let leftover = stashed + waiting
        if let hooks { return hooks.onEnd(coldState?.failure, leftover) }
        // The questions in these were counted as handled.
        for message in leftover.prefix(stashed.count + postponed) {
            Questions.fail(in: message, .noSuchActor, "it has stopped before it handled the question")
        }
        for message in leftover { system.lose(message, to: self, because: .refused(.noSuchActor)) }
    }

    /// Releases everything that the actor and its children hold, without notifying anyone.
    ///
    /// Only for the actors of a node that was killed: none of their turns may run any more.
    func forgetEverything() {
        for child in family(orElse: .childless).abandon() { child.abandon() }
        let state = lockMailbox()
        let waiting = (batch.removeAll(from: next), inbox.removeAll(from: 0), signals)
        signals = []
        unhandled.store(0, ordering: .relaxed)
        mailbox.unlock(state.without(.mail).without(.signals))
        // Released outside the lock: releasing the messages may run their deinitializers.
        withExtendedLifetime(waiting) {}
        (behavior, initial) = (.empty, .empty)
        coldState = nil
    }
}

/// A mistake in the construction of a behavior.
struct BehaviorError: Error, CustomStringConvertible {
    let description: String

    static let interceptsAsync = BehaviorError(
        description: "an interception cannot surround receiveAsync; call the function inside its handler")
    static let setupReturnedSame = BehaviorError(
        description: "a setup returned .same, but there is no behavior before it to go on with")
}

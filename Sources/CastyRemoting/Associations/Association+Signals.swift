import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import Synchronization

/// How the signal queue is bounded without losing a signal that matters.
///
/// At most ``RemotingSettings/signalLimit`` signals wait in the window. Beyond that:
/// - A *watch* stays in the watch table, which holds it anyway. It moves to the window when the window drains.
/// - The *end* of a watched actor is always accepted. There is at most one for each watch that the peer has made, and
///   it reuses that watch's memory.
/// - An *unwatch* is dropped. The peer then reports an end for which the table has no entry, and this node ignores it.
/// - The report that a question gets no reply is dropped and counted. The asker's own timeout ends the question.
///
/// The signals for a non-member also count to the bytes that may wait for all of them, and so do the watches that it
/// holds here. Where these bytes are used up, it may hold no more watches, and the reports that may be dropped are.
extension AssociationState {
    private var hasRoom: Bool { signals.count < settings.signalLimit }

    /// - Returns: The next step, and whether the signal was dropped because the window is full.
    mutating func send(_ signal: RemoteSignal) -> (step: NextStep, isDropped: Bool) {
        // A removed incarnation does not receive the end of an actor. Its own watches were answered when it was
        // removed.
        if isDetached { return (.moved, false) }
        guard !isClosing, identity.removed == nil else { return (.none, false) }
        switch signal {
        case .watch, .terminated: if !isMember { force(signal.heldBytes) }
        case .unwatch: guard hasRoom, isMember || take(signal.heldBytes) else { return (.none, false) }
        case .unanswered: guard hasRoom, isMember || take(signal.heldBytes) else { return (.none, true) }
        }
        signals.append(signal)
        return (nextStep(.control), false)
    }

    /// The peer watches a local actor.
    ///
    /// - Returns: Whether it may hold one more watch.
    mutating func hold(_ watcher: AnyActorRef, _ watched: AnyActorCell) -> Bool {
        guard isMember || take(HeldWatches.bytesOfOne) else { return false }
        held.insert(watcher, watched)
        settle()
        return true
    }

    /// Records a watch. Returns `nil` where the watcher must learn at once that the node is gone.
    mutating func watch(_ watched: AnyActorRef, by watcher: AnyActorRef) -> NextStep? {
        if isDetached { return .moved }
        guard !isClosing, identity.removed == nil else { return nil }
        let isSaid = hasRoom && !watches.hasUnsaid
        watches.insert(watcher: watcher, watched: watched, isSaid: isSaid)
        guard isSaid else { return NextStep.none }
        return send(.watch(watcher: watcher.address, watched: watched.address)).step
    }

    mutating func unwatch(_ watched: AnyActorRef, by watcher: AnyActorRef) -> NextStep {
        guard let watch = watches.remove(watcher: watcher.target.uid, watched: watched.address), watch.isSaid else {
            return .none
        }
        return send(.unwatch(watcher: watcher.address, watched: watched.address)).step
    }

    /// Fills the free room in the window with watches that wait for it.
    mutating func sayWatches() {
        while hasRoom, let watch = watches.nextToSay() {
            let signal = RemoteSignal.watch(watcher: watch.watcher.address, watched: watch.watched.address)
            if !isMember { force(signal.heldBytes) }
            signals.append(signal)
        }
    }
}

extension Association {
    func watch(_ watched: AnyActorRef, by watcher: AnyActorRef) {
        let step = state.withLock { $0.watch(watched, by: watcher) }
        if case .moved? = step, let existing = remoting.attach(self) {
            existing.watch(watched, by: watcher)
        } else if let step {
            take(step)
        } else {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: .nodeRemoved)))
        }
    }

    func unwatch(_ watched: AnyActorRef, by watcher: AnyActorRef) {
        take(state.withLock { $0.unwatch(watched, by: watcher) })
    }

    /// The peer acknowledges the signals up to a number.
    func acknowledged(_ number: UInt64, on link: Link) {
        let step = state.withLock { state -> NextStep in
            guard state.isPresent(link) else { return .none }
            state.signals.onAcknowledgement(number)
            state.settle()
            state.sayWatches()
            return state.signals.hasSomethingToSay ? state.nextStep(.control) : .none
        }
        take(step)
    }

    /// A numbered signal arrived.
    ///
    /// - Returns: Whether it is the next one in order and takes effect.
    /// - Throws: ``WireError`` where a signal before it is missing.
    func arrived(_ number: UInt64, on link: Link) throws(WireError) -> Bool {
        let (arrival, step) = state.withLock { state -> (SignalWindow.Arrival, NextStep) in
            guard state.isPresent(link) else { return (.duplicate, .none) }
            return (state.signals.onArrival(number), state.nextStep(.control))
        }
        take(step)
        switch arrival {
        case .new: return true
        case .duplicate: return false
        case .gap: throw WireError(.malformed, "signal \(number) came before its turn")
        }
    }

    /// Applies a signal from the peer, which is a node.
    ///
    /// - Returns: Whether the peer may hold what it asks for. A non-member may not watch any number of actors.
    func carryOut(_ signal: RemoteSignal) -> Bool {
        switch signal {
        case .watch(let watcher, let watched):
            // A peer may act only for its own actors.
            guard watcher.node == address else { return true }
            guard case .found(let target) = remoting.system.find(path: watched.path, uid: watched.uid) else {
                send(.terminated(watcher: watcher, watched: watched, .noSuchActor))
                return true
            }
            let stand = stand(for: watcher, watching: watched)
            guard state.withLock({ $0.hold(stand, target) }) else { return false }
            target.post(.watch(stand, AnyActorRef(target)))
        case .unwatch(let watcher, let watched):
            guard watcher.node == address,
                case .found(let target) = remoting.system.find(path: watched.path, uid: watched.uid)
            else { return true }
            state.withLock { state in
                state.held.remove(watcher: watcher.uid, watched: target.uid)
                state.settle()
            }
            target.post(.unwatch(stand(for: watcher, watching: watched), AnyActorRef(target)))
        case .terminated(let watcher, let watched, let reason):
            guard watched.node == address,
                let watch = state.withLock({ $0.watches.remove(watcher: watcher.uid, watched: watched) })
            else { return true }
            watch.watcher.target.post(.terminated(Terminated(ref: watch.watched, reason: reason)))
        case .unanswered(let asker, let code, let reason):
            remoting.pass(on: asker, code, reason)
        }
        return true
    }

    /// Reports the end of an actor that the peer watches.
    func tellEnd(of watched: ActorAddress, to watcher: ActorAddress, _ news: Terminated) {
        state.withLock { state in
            state.held.remove(watcher: watcher.uid, watched: news.ref.target.uid)
            state.settle()
        }
        send(.terminated(watcher: watcher, watched: watched, news.reason))
    }

    private func stand(for watcher: ActorAddress, watching watched: ActorAddress) -> AnyActorRef {
        let route = WatcherRoute(watcher: watcher, watched: watched, self)
        return AnyActorRef(RouteCell<Never>(system: remoting.system, route: route, uid: watcher.uid, traffic: .control))
    }
}

extension AssociationState {
    func isPresent(_ link: Link) -> Bool {
        control.isServed(by: link)
    }
}

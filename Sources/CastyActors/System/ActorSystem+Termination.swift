import CastyPrimitives
import Synchronization

extension ActorSystem {
    /// Ends the system: users' actors stop, then the runtime's own, then the connections close.
    ///
    /// - Parameter completion: Called once when all has ended; at once where it has already.
    package func terminate(completion: @escaping @Sendable () -> Void) {
        enum Step {
            case wait, done
            case begin(Target<Never>?)
        }
        let step = state.withLock { state -> Step in
            if state.terminated { return .done }
            state.whenTerminated.append(completion)
            if state.terminating { return .wait }
            state.terminating = true
            return .begin(state.user)
        }
        switch step {
        case .wait: break
        case .done: completion()
        case .begin(let user): user?.post(.stop)
        }
    }

    /// Ends the system and waits until all has ended.
    public func terminate() async {
        await withCheckedContinuation { continuation in terminate { continuation.resume() } }
    }

    /// Whether the system is ending or has ended.
    public var isTerminating: Bool { state.withLock { $0.terminating } }

    func guardianStopped(_ guardian: AnyTarget) {
        let (system, remote) = state.withLock { state -> (Target<Never>?, (any RemoteAccess)?) in
            if guardian === state.user {
                state.user = nil
                return (state.system, nil)
            }
            state.system = nil
            return (nil, state.remote)
        }
        if let system {
            system.post(.stop)
        } else if let remote {
            remote.shutdown { [self] in ended() }
        } else {
            ended()
        }
    }

    private func ended() {
        let (callbacks, asks) = state.withLock { state in
            state.terminated = true
            defer {
                state.whenTerminated = []
                state.exposed = [:]
                state.wellKnown = [:]
                state.fallbacks = []
                state.remote = nil
            }
            return (state.whenTerminated, state.asks.sorted { $0.key < $1.key }.map(\.value))
        }
        for ask in asks { ask.fail(AskError(.noSuchActor, asking: ask.question.address.description)) }
        for callback in callbacks { callback() }
    }

    /// Lets go of all that a killed node holds; its questions are given up.
    ///
    /// Actors and their system hold each other, and nothing of a killed node runs to part them. MUST be called after the
    /// dispatcher and the scheduler have been killed.
    package func abandon() {
        let asks = state.withLock { $0.asks.sorted { $0.key < $1.key }.map(\.value) }
        for ask in asks { ask.fail(AskError(.cancelled, asking: ask.question.address.description)) }
        let (roots, others) = state.withLock { state in
            defer {
                (state.user, state.system, state.remote) = (nil, nil, nil)
                (state.exposed, state.wellKnown, state.fallbacks) = ([:], [:], [])
                (state.terminating, state.terminated, state.whenTerminated) = (true, true, [])
            }
            return ([state.user, state.system], (state.exposed, state.wellKnown, state.remote, state.whenTerminated))
        }
        for root in roots { root?.abandon() }
        inspector.forgetSections()
        withExtendedLifetime(others) {}
    }
}

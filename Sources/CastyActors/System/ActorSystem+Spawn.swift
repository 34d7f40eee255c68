public import CastyCore
import CastyObservability
import Synchronization

extension ActorSystem {
    /// Starts a top-level actor under `/user`.
    ///
    /// - Parameters:
    ///   - behavior: What it does. It belongs to the actor from now on.
    ///   - name: Its name, unique among top-level actors; not empty, not starting with `$`. Without one the system
    ///     chooses.
    ///   - mailbox: How many messages may wait.
    ///   - dispatcher: Which threads take its turns.
    /// - Throws: ``SpawnError`` where the name is taken or not allowed, or the system is shutting down.
    @inlinable
    public func spawn<Message: Sendable>(
        _ behavior: sending Behavior<Message>, name: String? = nil, mailbox: MailboxCapacity = .unbounded,
        dispatcher: DispatcherKind = .standard
    ) throws(SpawnError) -> ActorRef<Message> {
        ActorRef(
            try spawn(
                behavior, under: .user, name: name, mailbox: mailbox, dispatcher: dispatcher,
                turn: { $0.takeTurn(of: Message.self, $1) }))
    }

    /// Starts an actor of the runtime under `/system`, by default on threads that users' handlers never occupy. Other
    /// nodes may reach it by its path alone.
    @inlinable
    package func spawnSystem<Message: Sendable>(
        _ behavior: sending Behavior<Message>, name: String, mailbox: MailboxCapacity = .unbounded,
        dispatcher: DispatcherKind = .control
    ) throws(SpawnError) -> ActorRef<Message> {
        let target = try spawn(
            behavior, under: .system, name: name, mailbox: mailbox, dispatcher: dispatcher,
            turn: { $0.takeTurn(of: Message.self, $1) })
        publish(target)
        return ActorRef(target)
    }

    @usableFromInline
    package enum Root: Sendable {
        case user, system
    }

    @inlinable
    package func spawn<Message: Sendable>(
        _ behavior: sending Behavior<Message>, under root: Root, name: String?, mailbox: MailboxCapacity,
        dispatcher: DispatcherKind, turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void
    ) throws(SpawnError) -> ActorCell<Message> {
        try guardian(of: root).spawn(behavior, name: name, mailbox: mailbox, dispatcher: dispatcher, turn: turn)
    }

    /// The parent of top-level actors.
    @usableFromInline
    func guardian(of root: Root) throws(SpawnError) -> AnyActorCell {
        let (guardian, terminating) = state.withLock { ($0[root], $0.terminating) }
        guard let guardian, !terminating else { throw .stopping("the system") }
        return guardian
    }

    /// Stops an actor; its children stop first.
    public func stop<Message: Sendable>(_ ref: ActorRef<Message>) { ref.target.post(.stop) }

    /// Stops an actor whose message type is not known.
    public func stop(_ ref: AnyActorRef) { ref.target.post(.stop) }

    /// Lets other nodes reach an actor by its path alone.
    @usableFromInline
    package func publish(_ target: AnyActorCell) { publish(target, as: target.pathText) }

    /// Lets other nodes reach an actor by an additional path.
    package func publish<Message: Sendable>(_ ref: ActorRef<Message>, as path: [String]) {
        publish(ref.target, as: "/" + path.joined(separator: "/"))
    }

    private func publish(_ target: AnyActorCell, as path: String) {
        state.withLock { state in
            // A stopped actor MUST NOT be added, because nothing would remove it again.
            guard !target.isOver, !state.terminated else { return }
            target.isPublished = true
            state.wellKnown[path] = target
        }
    }

    /// Lets an actor take messages from other nodes to paths of this node that begin with `path` and where no actor is
    /// published. The match is on the text, so the last name of `path` may be a prefix of a name.
    package func publish<Message: Sendable>(_ ref: ActorRef<Message>, under path: [String]) {
        state.withLock { state in
            guard !ref.target.isOver, !state.terminated else { return }
            ref.target.isPublished = true
            state.fallbacks.append(("/" + path.joined(separator: "/"), ref.target))
        }
    }

    private var actorSink: ActorChangeSink? {
        reportsActors.load(ordering: .acquiring) ? actorChanges.load() : nil
    }

    func actorStarted(_ target: AnyActorCell) {
        counters.actorStarted()
        if target.traffic == .user, let sink = actorSink { sink.receive(.started(target.address)) }
    }

    func actorStopped(_ target: AnyActorCell, handled: UInt64, failure: (any Error)?) {
        tracing?.forget(target.uid)
        // The two guardians at the top are not counted as actors.
        if target.parent != nil {
            counters.actorStopped()
            if target.traffic == .user, let sink = actorSink {
                sink.receive(.stopped(target.address, failure: failure.map { "\($0)" }))
            }
        }
        state.withLock { state in
            state.exposed[target.uid] = nil
            if target.isPublished {
                // Also what takes its messages in its name.
                state.wellKnown = state.wellKnown.filter { $0.value.uid != target.uid }
                state.fallbacks.removeAll { $0.target === target }
            }
        }
        // A question that was handled may still be answered by another actor. One that was not handled never will be.
        for ask in asks.all where ask.question === target && ask.number.load(ordering: .relaxed) > handled {
            ask.fail(
                AskError(
                    .noSuchActor, asking: target.address.description,
                    because: "it has stopped before it handled the question"))
        }
    }

    /// Fails every question that waits for an answer from a node that is gone, whether an actor there was asked or an
    /// actor of this node forwarded the question there.
    package func failAsks(to node: NodeAddress) {
        for ask in asks.all where ask.waits(for: node) {
            ask.fail(
                AskError(
                    .nodeRemoved, asking: ask.question.address.description, cause: .nodeRemoved(node)))
        }
    }

    package func expose(_ target: AnyActorCell) {
        state.withLock { state in
            // An ended cell MUST NOT be added, for example by a late reference to it, because nothing would remove it
            // again.
            if !target.isOver, !state.terminated { state.exposed[target.uid] = target }
        }
    }

    func unexpose(_ target: AnyActorCell) { state.withLock { $0.exposed[target.uid] = nil } }
}

extension SystemState {
    subscript(root: ActorSystem.Root) -> ActorCell<Never>? {
        switch root {
        case .user: user
        case .system: system
        }
    }
}

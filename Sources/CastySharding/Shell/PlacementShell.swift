package import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement

/// What every shell learns, whatever it runs.
package enum ShellEvent: Sendable {
    case membershipChanged
    case wakeup(generation: UInt64)
    /// An actor that the shell runs found that the node's lease has lapsed.
    case leaseLapsed
    /// The node leaves; the shell calls the function when nothing that it runs is left.
    case leave(@Sendable () -> Void)
}

/// The messages to a shell.
package protocol ShellCommand: LossClassified {
    static func shell(_ event: ShellEvent) -> Self
}

/// The state that every shell has, whatever it runs.
struct ShellState<Command: ShellCommand>: Sendable {
    var peers: ShellPeers<Command>
    /// The incarnations that run.
    var running = RunningCells()
    var departure = Departure()
    fileprivate var wakeup = WakeupTimer()
    /// The number of the cluster view that the cores know.
    fileprivate var viewNumber: UInt64 = 0

    init(peers: ShellPeers<Command>) { self.peers = peers }
}

/// A shell of cores that place actors on the members of a cluster: it tells the cores of the membership, the lease and
/// the time, and performs their effects.
protocol PlacementShell: Sendable {
    associatedtype Command: ShellCommand

    var cluster: Cluster { get }
    var state: ShellState<Command> { get set }
    /// The end of the lease that the cores last learned of.
    var lease: Instant { get set }
    /// When the cores must be called, even if no message arrives.
    func wakeAt(_ now: Instant) -> Instant?

    /// A message that only this shell knows.
    mutating func onCommand(_ command: Command, at now: Instant, _ context: ActorContext<Command>)
    mutating func onView(_ view: PlacementView, at now: Instant, _ context: ActorContext<Command>)
    /// The lease has changed.
    mutating func onLease(validUntil: Instant, at now: Instant, _ context: ActorContext<Command>)
    /// The lease has lapsed, and what runs here is paused.
    mutating func onHostLease(validUntil: Instant, at now: Instant, _ context: ActorContext<Command>)
    mutating func onWakeup(at now: Instant, _ context: ActorContext<Command>)
    mutating func onLeave(at now: Instant, _ context: ActorContext<Command>)
    /// An actor that the shell watches has ended or does not exist.
    mutating func onTerminated(_ news: Terminated, at now: Instant, _ context: ActorContext<Command>)
    mutating func onShutdown(at now: Instant, _ context: ActorContext<Command>)
    /// Passes the messages of the cores to each other.
    mutating func settle(at now: Instant, _ context: ActorContext<Command>)
}

extension PlacementShell {
    static func behavior(_ make: @escaping @Sendable () -> Self) -> Behavior<Command> {
        .setup { _ in
            .stateful(
                make(),
                { shell, context, command in
                    shell.handle(command, context)
                    return .same
                },
                onSignal: { shell, context, signal in
                    switch signal {
                    case .terminated(let news): shell.handle(news, context)
                    case .postStop:
                        shell.state.wakeup.cancel()
                        shell.onShutdown(at: context.now, context)
                    case .preRestart: break
                    }
                    return .same
                })
        }
    }

    private mutating func handle(_ command: Command, _ context: ActorContext<Command>) {
        let now = context.now
        followLease(at: now, context)
        // A user who has seen a node in the cluster's state may send a message before this actor is notified of the
        // change, so it checks for a new view here.
        if cluster.viewNumber != state.viewNumber { followMembership(at: now, context) }
        onCommand(command, at: now, context)
        finish(at: now, context)
    }

    private mutating func handle(_ news: Terminated, _ context: ActorContext<Command>) {
        let now = context.now
        followLease(at: now, context)
        onTerminated(news, at: now, context)
        finish(at: now, context)
    }

    /// Ends every turn: the cores may have learned of a new lease, may have messages for each other, and may want to
    /// be woken at another time.
    private mutating func finish(at now: Instant, _ context: ActorContext<Command>) {
        settle(at: now, context)
        let me = context.`self`
        state.wakeup.set(for: wakeAt(now), on: context.system.world.scheduler) {
            me.tell(.shell(.wakeup(generation: $0)))
        }
    }

    mutating func onEvent(_ event: ShellEvent, at now: Instant, _ context: ActorContext<Command>) {
        switch event {
        case .membershipChanged: followMembership(at: now, context)
        case .wakeup(let number): if state.wakeup.accepts(number) { onWakeup(at: now, context) }
        case .leaseLapsed:
            // Even if the lease is valid again by now, all that runs here is paused, and must be resumed.
            onHostLease(validUntil: now, at: now, context)
            onHostLease(validUntil: lease, at: now, context)
        case .leave(let done):
            // The core started to leave when it saw that its node is leaving, and may already be done.
            if state.departure.wait(done) { onLeave(at: now, context) }
        }
    }

    private mutating func followMembership(at now: Instant, _ context: ActorContext<Command>) {
        state.viewNumber = cluster.viewNumber
        let view = PlacementView(cluster, own: context.system.unique)
        state.peers.follow(view)
        onView(view, at: now, context)
    }

    /// Notifies the cores if the lease has changed since they last learned of it.
    private mutating func followLease(at now: Instant, _ context: ActorContext<Command>) {
        let until = cluster.leaseValidUntil
        guard until != lease else { return }
        lease = until
        onLease(validUntil: until, at: now, context)
    }

    /// Whether an actor with this pass may act now; if it is the first to find that it may not, the shell learns of it.
    func leaseCheck(_ pass: ShardPass, _ context: ActorContext<Command>) -> @Sendable () -> Bool {
        let (me, cluster, scheduler) = (context.`self`, cluster, context.system.world.scheduler)
        return { pass.lets(ifValid: scheduler.now < cluster.leaseValidUntil) { me.tell(.shell(.leaseLapsed)) } }
    }
}

extension Cluster {
    /// Connects the actor of a shell with this node's membership, and lets other nodes reach it.
    ///
    /// - Parameter entry: What takes the messages of other nodes; the actor itself if nothing does.
    func attach<Command: ShellCommand>(
        _ actor: ActorRef<Command>, reachedBy entry: ActorRef<Command>? = nil, at path: [String]
    ) {
        system.publish(entry ?? actor, as: path)
        follow { actor.tell(.shell(.membershipChanged)) }
        whenWelcomed { actor.tell(.shell(.membershipChanged)) }
        beforeExit { done in actor.tell(.shell(.leave(done))) }
    }
}

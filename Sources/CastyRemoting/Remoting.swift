package import CastyActors
package import CastyCore
import CastySerialization
import Logging
import Synchronization

/// The way of one system to the actors of other nodes: listens, dials, and keeps one association a place.
///
/// System, remoting and associations refer to each other until ``shutdown(completion:)`` or ``abandon()`` cuts them
/// apart. None of them is referred to weakly: that would make each of the many retains on the way of a message a
/// slow one.
package final class Remoting: RemoteAccess {
    struct State: Sendable {
        var associations: [NodeAddress: Association] = [:]
        var places = Places()
        /// Whether a look at what is idle is due.
        var isSweepDue = false
        var sweepTimer: (any ScheduledTimer)?
        /// Accepted connections whose peers have not introduced themselves, the oldest first.
        var strangers: [Link] = []
        var hooks: RemotingHooks
        var complaints = RateLimitedLog()
        var refusals: [RefusalReason: Int] = [:]
        let generator: SeededGenerator
        /// Associations that have not closed yet, and what to do when they have; set when the system ends.
        var closing: Int?
        var whenClosed: (@Sendable () -> Void)?
    }

    package let system: ActorSystem
    package let settings: RemotingSettings
    let context: CodingContext
    private let introduction: Handshake.Settings
    /// What it says when it calls.
    let callIntroduction: Handshake.Settings
    let state: Mutex<State>
    /// What all places that are no members may have waiting for them together.
    let strangerBudget: ByteBudget

    /// - Parameters:
    ///   - system: Whose way it is; ``start(completion:)`` installs it there.
    ///   - settings: Codec, patience and bounds.
    ///   - hooks: Who wants to hear of connections.
    package init(
        system: ActorSystem, settings: RemotingSettings = RemotingSettings(), hooks: RemotingHooks = RemotingHooks()
    ) {
        self.system = system
        self.settings = settings
        context = CodingContext(userInfo: [.actorSystem: system])
        introduction = Handshake.Settings(
            cluster: settings.clusterName ?? system.name, local: system.unique, capabilities: settings.capabilities,
            timeout: settings.handshakeTimeout)
        strangerBudget = ByteBudget(settings.strangerBytes)
        var call = introduction
        call.capabilities.isCall = true
        callIntroduction = call
        state = Mutex(State(hooks: hooks, generator: system.world.random.stream("remoting")))
    }

    /// What it says on a connection for these lanes.
    func introduction(_ lanes: ConnectionLanes) -> Handshake.Settings {
        var introduction = introduction
        introduction.capabilities.lanes = lanes
        return introduction
    }

    /// Whether this node cannot be dialled: it only looks on.
    var isDeaf: Bool { system.address.port == 0 }

    /// Who hears of connections.
    package var hooks: RemotingHooks {
        get { state.withLock { $0.hooks } }
        set { state.withLock { $0.hooks = newValue } }
    }

    /// Listens on the system's address and becomes the system's way to other nodes.
    ///
    /// - Parameter completion: Called once, with the address bound or why it could not be.
    package func start(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        system.install(self)
        system.inspector.provide(associations: { [self] in snapshots })
        system.world.transport.listen(
            on: system.address, accept: { [self] _ in accept() }, completion: completion)
    }

    package func route<Message: Sendable>(to address: ActorAddress, as type: Message.Type) -> any Route<Message> {
        RemoteRoute(to: address, self)
    }

    private func accept() -> any ConnectionHandler {
        let link = Link(accepting: self)
        let oldest = state.withLock { state -> Link? in
            state.strangers.append(link)
            return state.strangers.count > settings.pendingHandshakes ? state.strangers.removeFirst() : nil
        }
        if let oldest {
            complain("strangers", "too many connections without an introduction: the oldest are closed")
            oldest.abandon(orderly: false)
        }
        return link
    }

    /// An accepted connection has been introduced, or is over.
    func introductionEnded(_ link: Link) {
        state.withLock { state in
            if let index = state.strangers.firstIndex(where: { $0 === link }) { state.strangers.remove(at: index) }
        }
    }

    /// Becomes the system's way to other nodes without listening: for an observer, which dials and cannot be dialled.
    package func startWithoutListening() {
        system.install(self)
        system.inspector.provide(associations: { [self] in snapshots })
    }

    /// All associations, in the order of their places.
    var ordered: [Association] {
        state.withLock { Array($0.associations.values) }.sorted { $0.place < $1.place }
    }

    // MARK: Warnings

    /// Writes a warning to the log, once a minute at most for each kind.
    func complain(_ kind: String, _ text: @autoclosure () -> String) {
        let now = system.now
        guard let count = state.withLock({ $0.complaints.note(kind, at: now) }) else { return }
        let text = String(printable: text())
        system.log.warning("\(text)\(count > 1 ? " (\(count) times)" : "")")
    }

    func noteRefusal(_ reason: RefusalReason) { state.withLock { $0.refusals[reason, default: 0] += 1 } }

    /// How many connections this node refused, for one reason.
    func refusals(_ reason: RefusalReason) -> Int { state.withLock { $0.refusals[reason] ?? 0 } }
}

package import CastyActors
package import CastyCore
import CastySerialization
import Logging
import Synchronization

/// Connects one system to the actors of other nodes: listens, dials, and holds one association per address.
///
/// System, remoting and associations refer to each other until ``shutdown(completion:)`` or ``abandon()`` breaks the
/// cycle. No reference is weak: that would slow down each of the many retains on a message's route.
package final class Remoting: RemoteAccess {
    struct State: Sendable {
        var associations: [NodeAddress: Association] = [:]
        var addresses = AddressTable()
        /// Whether a sweep is scheduled.
        var isSweepDue = false
        var sweepTimer: (any ScheduledTimer)?
        /// Accepted connections with a pending handshake, the oldest first.
        var pendingHandshakes: [Link] = []
        var hooks: RemotingHooks
        var observer: (any MessageObserver)?
        var warnings = RateLimitedLog()
        var refusals: [RefusalReason: Int] = [:]
        let generator: SeededGenerator
        /// The number of associations that have not closed yet, and what to do when all have; set at shutdown.
        var closing: Int?
        var whenClosed: (@Sendable () -> Void)?
    }

    package let system: ActorSystem
    package let settings: RemotingSettings
    let context: CodingContext
    private let introduction: Handshake.Settings
    /// What this node states about itself when it dials a probe connection.
    let probeIntroduction: Handshake.Settings
    let state: Mutex<State>
    /// Whether there is an observer of messages.
    let isObserved = Atomic<Bool>(false)
    /// The bytes that may be queued for all non-members together.
    let nonMemberBudget: ByteBudget
    /// The bytes that all connections with non-members may hold together.
    let inboundBudget: ByteBudget

    /// - Parameters:
    ///   - system: The system it serves; ``start(completion:)`` installs it there.
    ///   - settings: Codec, timeouts and limits.
    ///   - hooks: Receives connection events.
    package init(
        system: ActorSystem, settings: RemotingSettings = RemotingSettings(), hooks: RemotingHooks = RemotingHooks()
    ) {
        self.system = system
        self.settings = settings
        context = CodingContext(userInfo: [.actorSystem: system], serializer: settings.serializer)
        introduction = Handshake.Settings(
            cluster: settings.clusterName ?? system.name, local: system.unique, versions: settings.versions,
            capabilities: settings.capabilities, timeout: settings.handshakeTimeout,
            demandsAuthentication: settings.demandsAuthentication)
        nonMemberBudget = ByteBudget(settings.nonMemberBytes)
        inboundBudget = ByteBudget(settings.nonMemberInbound)
        var probeConnection = introduction
        probeConnection.capabilities.isProbeConnection = true
        probeIntroduction = probeConnection
        state = Mutex(State(hooks: hooks, generator: system.world.random.stream("remoting")))
    }

    /// The context for messages of a peer that is no node: references in them name actors of that peer only.
    func context(confinedTo peer: NodeAddress) -> CodingContext {
        CodingContext(
            userInfo: [.actorSystem: ConfinedReferences(system, to: peer)], serializer: settings.serializer)
    }

    /// What this node states about itself on a connection for these lanes.
    func introduction(_ lanes: ConnectionLanes) -> Handshake.Settings {
        var introduction = introduction
        introduction.capabilities.lanes = lanes
        return introduction
    }

    /// Whether this node cannot be dialled because it only observes.
    var cannotBeDialled: Bool { system.address.port == 0 }

    /// The receiver of connection events.
    package var hooks: RemotingHooks {
        get { state.withLock { $0.hooks } }
        set { state.withLock { $0.hooks = newValue } }
    }

    /// Listens on the system's address and installs itself as the system's route to other nodes.
    ///
    /// - Parameter completion: Called once, with the bound address or the reason why binding failed.
    package func start(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        system.install(self)
        system.inspector.provide(associations: { [self] in snapshots })
        system.world.transport.listen(
            on: settings.listen ?? system.address, accept: { [self] in accept($0) }, completion: completion)
    }

    package func route<Message: Sendable>(to address: ActorAddress, as type: Message.Type) -> any Route<Message> {
        RemoteRoute(to: address, self)
    }

    private func accept(_ connection: any Connection) -> any ConnectionHandler {
        let link = Link(accepting: self, from: Link.host(of: connection))
        let displaced = state.withLock { state -> Link? in
            state.pendingHandshakes.append(link)
            return state.pendingHandshakes.count > settings.pendingHandshakes ? state.removeMostCrowded() : nil
        }
        if let displaced {
            warn(
                "pending handshakes",
                "too many connections without an introduction: the oldest of \(displaced.source) are closed")
            displaced.abandon(orderly: false)
        }
        return link
    }

    /// The peer of an accepted connection has introduced itself, or the connection has ended.
    func introductionEnded(_ link: Link) {
        state.withLock { state in
            if let index = state.pendingHandshakes.firstIndex(where: { $0 === link }) {
                state.pendingHandshakes.remove(at: index)
            }
        }
    }

    /// Installs itself as the system's route to other nodes without listening: for an observer, which dials and cannot
    /// be dialled.
    package func startWithoutListening() {
        system.install(self)
        system.inspector.provide(associations: { [self] in snapshots })
    }

    /// All associations, in the order of their addresses.
    var ordered: [Association] {
        state.withLock { Array($0.associations.values) }.sorted { $0.address < $1.address }
    }

    // MARK: Warnings

    /// Logs a warning, at most once a minute for each kind and host.
    func warn(_ kind: String, of host: String = "", _ text: @autoclosure () -> String) {
        let now = system.now
        guard let count = state.withLock({ $0.warnings.note(kind, of: host, at: now) }) else { return }
        let text = String(printable: text())
        system.log.warning("\(text)\(count > 1 ? " (\(count) times)" : "")")
    }

    func noteRefusal(_ reason: RefusalReason) { state.withLock { $0.refusals[reason, default: 0] += 1 } }

    /// How many connections this node refused for one reason.
    func refusals(_ reason: RefusalReason) -> Int { state.withLock { $0.refusals[reason] ?? 0 } }
}

extension Remoting.State {
    /// Removes the oldest pending handshake of the host that has most of them, so that one host displaces no others.
    ///
    /// - Complexity: O(pending handshakes), a few hundred at most.
    mutating func removeMostCrowded() -> Link? {
        var counts: [String: Int] = [:]
        for link in pendingHandshakes { counts[link.source, default: 0] += 1 }
        let most = counts.values.max()
        return pendingHandshakes.firstIndex { counts[$0.source] == most }.map { pendingHandshakes.remove(at: $0) }
    }
}

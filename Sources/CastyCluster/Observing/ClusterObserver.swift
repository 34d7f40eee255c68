package import CastyActors
package import CastyCore
package import CastyObservability
import CastyRemoting
import CastySerialization
import Synchronization

/// Observes a running cluster: asks every member in turn for its snapshot and its events.
///
/// It is never a member, never counted, never monitored, and no node dials it. It starts with one member and learns of
/// the others from that member's view. It may miss events, and knows how many.
package final class ClusterObserver: Sendable {
    /// What is known of one address.
    package struct Node: Sendable {
        package let address: NodeAddress
        /// The latest snapshot from there, on the clock of the node that answered first.
        package var snapshot: NodeSnapshot?
        /// When the snapshot arrived, on the same clock.
        package var heard: Instant?
        /// Why nothing arrives from there, in the words of the connection.
        package var lastError: String?
        /// The number of the last event received from there.
        var latest: UInt64 = 0
        /// How many events came from earlier processes at this address; added to the event numbers of the present
        /// process.
        var earlier: UInt64 = 0
        /// When the present request was sent; `nil` where none is open.
        package internal(set) var asked: Instant?
        /// When the first request was sent.
        package internal(set) var firstAsked: Instant?
        var number: UInt64 = 0
        var parts: [ObservationPart] = []
    }

    struct State: Sendable {
        var nodes: [NodeAddress: Node]
        var events: [RuntimeEvent] = []
        /// How many events were dropped from the front of `events`.
        var forgotten: UInt64 = 0
        /// How far the clock of the node that answered first is ahead of this process's; all times are given on that
        /// clock.
        var ahead: Duration?
        var questions: UInt64 = 0
    }

    private let client: RemotingClient
    private let changed: @Sendable () -> Void
    let state: Mutex<State>
    /// The interval at which every node is asked.
    private static let pause = Duration.milliseconds(250)
    /// A request that is not answered in this time is sent again.
    package static let patience = Duration.seconds(2)
    /// How many events are buffered at most.
    private static let kept = 50_000

    /// Creates an observer of a cluster; ``start()`` begins.
    ///
    /// - Parameters:
    ///   - world: The interfaces of the runtime: time, threads, network and randomness.
    ///   - cluster: The cluster's name.
    ///   - seeds: Members of it, or addresses where members may be.
    ///   - isProtected: Whether the transport of the world protects connections, and nodes must prove that they are some.
    ///   - changed: Called after each answer and each failure, on a thread of the runtime.
    package init(
        world: NodeWorld, cluster: String, seeds: [NodeAddress], isProtected: Bool = false,
        changed: @escaping @Sendable () -> Void = {}
    ) throws {
        self.changed = changed
        var settings = RemotingSettings()
        // Each new request then finds a connection that was tried again since the last one.
        settings.reconnectMaximum = .seconds(1)
        settings.demandsAuthentication = isProtected
        client = try RemotingClient("observer", world: world, cluster: cluster, settings: settings) { registry in
            try ObservationProtocol.register(in: registry)
        }
        let state = Mutex(
            State(
                nodes: Dictionary(seeds.map { ($0, Node(address: $0)) }, uniquingKeysWith: { first, _ in first })))
        self.state = state
        client.remoting.hooks = RemotingHooks(connectFailed: { [weak self] address, error in
            self?.state.withLock { $0.nodes[address]?.lastError = error.message }
            changed()
        })
    }

    package var system: ActorSystem { client.system }

    /// Begins to ask.
    package func start() throws {
        client.start()
        let actor = try system.spawn(
            Behavior<ObserverMessage>.receive { [weak self] context, message in
                switch message {
                case .tick: self?.ask(context)
                case .part(let part): self?.take(part, at: context.now)
                }
                return .same
            }, name: "observer")
        actor.tell(.tick)
    }

    /// Ends all connections.
    package func stop(completion: @escaping @Sendable () -> Void) {
        client.stop(completion: completion)
    }

    /// The present moment, on the clock of the node that answered first.
    package var now: Instant { system.now + (state.withLock { $0.ahead } ?? .zero) }

    /// All known addresses with their state, sorted; all times are on the clock of the node that answered first.
    package var nodes: [Node] {
        let (nodes, ahead) = state.withLock { (Array($0.nodes.values), $0.ahead ?? .zero) }
        return nodes.sorted { $0.address < $1.address }.map { node in
            var node = node
            node.asked = node.asked.map { $0 + ahead }
            node.firstAsked = node.firstAsked.map { $0 + ahead }
            return node
        }
    }

    /// The events from a position on, the position after them, and how many from that position on are already dropped.
    package func events(from position: UInt64) -> (events: [RuntimeEvent], next: UInt64, dropped: UInt64) {
        state.withLock { state in
            let start = max(position, state.forgotten)
            let page = Array(state.events.dropFirst(Int(clamping: start - state.forgotten)))
            return (page, start + UInt64(page.count), start - position)
        }
    }

    private func ask(_ context: ActorContext<ObserverMessage>) {
        let (now, me) = (context.now, context.`self`)
        let due = state.withLock { state -> [(NodeAddress, UInt64, UInt64)] in
            var due: [(NodeAddress, UInt64, UInt64)] = []
            for address in state.nodes.keys.sorted() {
                guard var node = state.nodes[address] else { continue }
                if let asked = node.asked, now - asked < Self.patience { continue }
                state.questions += 1
                node.asked = now
                node.firstAsked = node.firstAsked ?? now
                node.number = state.questions
                node.parts = []
                state.nodes[address] = node
                due.append((address, node.number, node.latest))
            }
            return due
        }
        for (address, number, after) in due {
            let service = system.reference(on: address, path: ObservationProtocol.path, as: ObservationRequest.self)
            service.tell(ObservationRequest(number: number, after: after, replyTo: me))
        }
        _ = system.world.scheduler.schedule(after: Self.pause) { me.tell(.tick) }
    }

    private func take(_ part: ObservationPart, at now: Instant) {
        let bytes = state.withLock { state -> (NodeAddress, [UInt8])? in
            guard (1...ObservationProtocol.pieces).contains(part.count),
                let address = state.nodes.values.first(where: { $0.number == part.number && $0.asked != nil })?.address,
                let expected = state.nodes[address]?.parts.count, part.index == expected
            else { return nil }
            state.nodes[address]?.parts.append(part)
            guard expected + 1 == part.count else { return nil }
            let whole = state.nodes[address]?.parts.flatMap(\.bytes) ?? []
            state.nodes[address]?.parts = []
            state.nodes[address]?.asked = nil
            return (address, whole)
        }
        guard let (address, whole) = bytes else { return }
        do {
            let observation = try BinarySerializer().decode(Observation.self, from: whole)
            guard observation.snapshot.isPlausible else {
                throw WireError(.malformed, "it shows numbers that cannot be")
            }
            note(observation, of: address, at: now)
        } catch {
            state.withLock { $0.nodes[address]?.lastError = "it speaks another language: \(error)" }
        }
        changed()
    }

    private func note(_ observation: Observation, of address: NodeAddress, at now: Instant) {
        let shift = state.withLock { state in
            let ahead = state.ahead ?? observation.snapshot.time - now
            state.ahead = ahead
            return now + ahead - observation.snapshot.time
        }
        let snapshot = observation.snapshot.shifted(by: shift)
        state.withLock { state in
            guard var node = state.nodes[address] else { return }
            // Another process runs there now: its event numbers start again.
            let isNew = node.snapshot.map { $0.node != snapshot.node } ?? false
            node.snapshot = snapshot
            node.heard = snapshot.time
            node.lastError = nil
            if isNew {
                node.earlier &+= node.latest
                node.latest = 0
            } else {
                node.latest = max(node.latest, observation.events.last?.id.number ?? 0)
                state.events += observation.events.map { $0.shifted(by: shift, after: node.earlier) }
            }
            state.nodes[address] = node
            if state.events.count > Self.kept {
                let surplus = state.events.count - Self.kept * 3 / 4
                state.events.removeFirst(surplus)
                state.forgotten += UInt64(surplus)
            }
            for member in snapshot.membership.members where state.nodes[member.node.address] == nil {
                state.nodes[member.node.address] = Node(address: member.node.address)
            }
        }
    }
}

extension RuntimeEvent {
    /// The event on the clock that the observer uses, numbered after those of earlier processes at its address.
    fileprivate func shifted(by shift: Duration, after earlier: UInt64) -> RuntimeEvent {
        var event = self
        event.time = time + shift
        event.id = EventID(node: id.node, number: id.number &+ earlier)
        event.causes = causes.map { $0.node == id.node ? EventID(node: $0.node, number: $0.number &+ earlier) : $0 }
        return event
    }
}

import CastyCore

@testable import CastyMembership

/// Some service registries over a network that delays and loses messages, and what is really registered.
struct RegistryNetwork {
    struct Node {
        var registry: ServiceRegistry
        var isRunning = true
        var flushAt: Instant?
        var statusAt: Instant
        /// The actors of this node that are registered, by service.
        var truth: [ServiceID: Set<UInt64>] = [:]
    }

    private struct Envelope {
        let message: ServiceRegistryMessage
        let from: UniqueAddress
        let to: UniqueAddress
        let at: Instant
    }

    static let services = ["alpha", "beta", "gamma"].map { ServiceID(name: $0, type: "test.job") }

    private(set) var nodes: [UniqueAddress: Node] = [:]
    private var envelopes: [Envelope] = []
    private(set) var now = Instant.start
    var generator: SeededGenerator
    let settings: ServiceRegistrySettings
    /// The share of the messages that are lost, 0…1.
    var loss = 0.0
    private var lastUID: UInt64 = 0
    private var lastIncarnation: UInt64 = 0
    private(set) var sent = 0
    /// The listings that were announced last, by node, of nodes that asked for all.
    private(set) var announced = 0

    init(seed: UInt64, settings: ServiceRegistrySettings = ServiceRegistrySettings(), nodes count: Int) {
        generator = SeededGenerator(seed: seed)
        self.settings = settings
        for number in 1...count { start(number) }
        look()
    }

    var running: [UniqueAddress] { nodes.filter(\.value.isRunning).map(\.key).sorted() }

    // MARK: What happens

    mutating func start(_ number: Int) {
        lastIncarnation += 1
        let node = UniqueAddress(
            address: NodeAddress(host: "127.0.0.\(number)", port: 25_520), incarnation: lastIncarnation)
        nodes[node] = Node(
            registry: ServiceRegistry(
                myself: node, settings: settings, generator: generator.fork("\(node)")),
            statusAt: now + settings.statusInterval)
    }

    mutating func kill(_ node: UniqueAddress) { nodes[node]?.isRunning = false }

    /// Every running node learns of all running nodes, and which of them are unreachable.
    mutating func look(unreachable: Set<UniqueAddress> = []) {
        for node in running { look(node, unreachable: unreachable) }
    }

    mutating func look(_ node: UniqueAddress, unreachable: Set<UniqueAddress> = []) {
        let view = running.map {
            ServiceNode(node: $0, isListed: true, isReachable: !unreachable.contains($0))
        }
        change(node) { $0.onView(view, at: $1) }
    }

    mutating func register(on node: UniqueAddress, _ service: ServiceID) {
        lastUID += 1
        let uid = lastUID
        nodes[node]?.truth[service, default: []].insert(uid)
        change(node) { $0.onRegister(service, path: ["user", "actor-\(uid)"], uid: uid, at: $1) }
    }

    mutating func end(on node: UniqueAddress, _ uid: UInt64) {
        for service in Self.services { nodes[node]?.truth[service]?.remove(uid) }
        change(node) { $0.onEnded(uid, at: $1) }
    }

    private mutating func change(
        _ node: UniqueAddress, _ body: (inout ServiceRegistry, Instant) -> [ServiceRegistryEffect]
    ) {
        guard var state = nodes[node] else { return }
        let effects = body(&state.registry, now)
        for effect in effects {
            switch effect {
            case .send(let message, let to):
                sent += 1
                if generator.unit() >= loss {
                    // Links keep the order of their messages, so that delays differ between links only.
                    let delay = Duration.milliseconds((node.incarnation &* 7 &+ to.incarnation &* 3) % 19 + 1)
                    envelopes.append(Envelope(message: message, from: node, to: to, at: now + delay))
                }
            case .flush(let delay): state.flushAt = now + delay
            case .changed: announced += 1
            }
        }
        nodes[node] = state
    }

    /// Lets time pass.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while now < end {
            now = now + .milliseconds(10)
            let due = envelopes.filter { $0.at <= now }
            envelopes.removeAll { $0.at <= now }
            for envelope in due where nodes[envelope.to]?.isRunning == true {
                change(envelope.to) { $0.onMessage(envelope.message, from: envelope.from, at: $1) }
            }
            for node in running {
                if let at = nodes[node]?.flushAt, at <= now {
                    nodes[node]?.flushAt = nil
                    change(node) { $0.onFlush(at: $1) }
                }
                if let at = nodes[node]?.statusAt, at <= now {
                    nodes[node]?.statusAt = now + settings.statusInterval
                    change(node) { $0.onStatusDue(at: $1) }
                }
            }
        }
    }

    // MARK: What is right

    /// The first difference between what a node lists and what is registered; `nil` where there is none.
    var difference: String? {
        for service in Self.services {
            let right = running.flatMap { node in
                (nodes[node]?.truth[service] ?? []).sorted().map { "\(node.address.host)#\($0)" }
            }
            for node in running {
                let listed = nodes[node]?.registry.listing(of: service) ?? []
                let shown = listed.map { "\($0.node.address.host)#\($0.registration.uid)" }
                if shown.sorted() != right.sorted() {
                    let missing = Set(right).subtracting(shown).sorted().prefix(3)
                    let extra = Set(shown).subtracting(right).sorted().prefix(3)
                    return "\(node) lists \(service.name) without \(missing) and with \(extra)"
                }
            }
        }
        return nil
    }

    /// The digests of all running nodes.
    var digests: Set<UInt64> { Set(running.compactMap { nodes[$0]?.registry.digest }) }
}

import CastyCore

/// The state of a client's nodes: which of them can be used at the moment.
///
/// ```
///                     welcome
///   closed ──▶ asked ─────────▶ open
///     ▲          │ silence        │ connection lost, or a request without an answer
///     └──────────┴────────────────┘
/// ```
struct ClientNodes: Sendable {
    enum State: Sendable, Hashable {
        /// Not usable; the client sends a hello from that moment on.
        case closed(until: Instant)
        /// A hello is in flight.
        case asked(since: Instant)
        case open
    }

    private struct Node: Sendable {
        let address: NodeAddress
        var state = State.closed(until: .start)
        /// Why it cannot be used, if known.
        var reason: String?
        /// Whether it has refused this client, which waiting does not change.
        var refuses = false
        /// How often it was lost since its last welcome.
        var losses = 0
    }

    /// A hello that is not answered within this time is sent again.
    static let patience = Duration.seconds(1)
    /// The pause after a connection was lost or refused; each further loss before a welcome doubles it.
    static let pause = Duration.milliseconds(200)
    /// The longest pause.
    static let longestPause = Duration.seconds(2)
    /// The share by which a pause may be shorter, so that the clients of a node do not all come back at once.
    static let jitter = 0.3

    private var nodes: [Node]
    private var turn = 0
    private var generator: SeededGenerator

    init(_ addresses: [NodeAddress], _ generator: SeededGenerator) {
        nodes = []
        self.generator = generator
        for address in addresses { add(address) }
    }

    /// Adds a node that is not known yet.
    mutating func add(_ address: NodeAddress) {
        if !nodes.contains(where: { $0.address == address }) { nodes.append(Node(address: address)) }
    }

    func state(of address: NodeAddress) -> State? { nodes.first { $0.address == address }?.state }

    /// Why nodes cannot be used, as far as known.
    var reasons: [String] { nodes.compactMap { node in node.reason.map { "\(node.address): \($0)" } } }

    var openCount: Int { nodes.count { $0.state == .open } }

    /// Whether every node has refused this client.
    var allRefuse: Bool { nodes.allSatisfy(\.refuses) }

    /// The nodes to which a hello goes now.
    mutating func due(at now: Instant) -> [NodeAddress] {
        var due: [NodeAddress] = []
        for index in nodes.indices {
            switch nodes[index].state {
            case .closed(let until) where now >= until: break
            case .asked(let since) where now - since >= Self.patience:
                nodes[index].reason = nodes[index].reason ?? "no answer within \(Self.patience)"
            case .closed, .asked, .open: continue
            }
            nodes[index].state = .asked(since: now)
            due.append(nodes[index].address)
        }
        return due
    }

    mutating func welcomed(by address: NodeAddress) {
        guard let index = index(of: address) else { return }
        nodes[index] = Node(address: address, state: .open)
    }

    /// The connection with a node was lost or refused.
    ///
    /// - Parameter refuses: Whether the node refuses this client for good.
    mutating func lost(_ address: NodeAddress, _ reason: String, refuses: Bool = false, at now: Instant) {
        guard let index = index(of: address) else { return }
        nodes[index].reason = reason
        nodes[index].refuses = refuses
        // Several signs of one loss are one loss.
        if case .closed = nodes[index].state { return }
        nodes[index].losses += 1
        let doubled = Self.pause * (1 << min(nodes[index].losses - 1, 8))
        let pause = min(doubled, Self.longestPause) * (1 - Self.jitter * generator.unit())
        nodes[index].state = .closed(until: now + pause)
    }

    /// A request to a node had no answer in time: the node must answer a hello before it is used again. The cause may
    /// also be the entity on another node.
    mutating func doubt(_ address: NodeAddress, at now: Instant) {
        guard let index = index(of: address), nodes[index].state == .open else { return }
        nodes[index].state = .closed(until: now)
        nodes[index].reason = "a request had no answer"
    }

    /// The node that takes the next request: round robin over the open ones.
    mutating func next() -> NodeAddress? {
        guard let index = open(from: turn) else { return nil }
        turn = (index + 1) % nodes.count
        return nodes[index].address
    }

    /// The node that takes the requests with a key: the same one as long as it is open.
    func node(for key: UInt64) -> NodeAddress? {
        open(from: Int(truncatingIfNeeded: key % UInt64(max(1, nodes.count)))).map { nodes[$0].address }
    }

    private func open(from start: Int) -> Int? {
        nodes.indices.lazy.map { (start + $0) % nodes.count }.first { nodes[$0].state == .open }
    }

    private func index(of address: NodeAddress) -> Int? { nodes.firstIndex { $0.address == address } }
}

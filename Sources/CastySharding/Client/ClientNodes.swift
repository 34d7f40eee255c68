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

    /// A hello that is not answered within this time is sent again.
    static let patience = Duration.seconds(1)
    /// The pause after a connection was lost or refused.
    static let pause = Duration.milliseconds(200)

    private var nodes: [(address: NodeAddress, state: State, reason: String?)]
    private var turn = 0

    init(_ addresses: [NodeAddress]) {
        nodes = addresses.map { ($0, .closed(until: .start), nil) }
    }

    func state(of address: NodeAddress) -> State? { nodes.first { $0.address == address }?.state }

    /// Why nodes cannot be used, as far as known.
    var reasons: [String] { nodes.compactMap { node in node.reason.map { "\(node.address): \($0)" } } }

    var openCount: Int { nodes.count { $0.state == .open } }

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
        change(address) { $0 = (.open, nil) }
    }

    /// The connection with a node was lost or refused, or it refuses clients.
    mutating func lost(_ address: NodeAddress, _ reason: String, at now: Instant) {
        change(address) { $0 = (.closed(until: now + Self.pause), reason) }
    }

    /// A request to a node had no answer in time: the node must answer a hello before it is used again. The cause may
    /// also be the entity on another node.
    mutating func doubt(_ address: NodeAddress, at now: Instant) {
        change(address) { if $0.0 == .open { $0 = (.closed(until: now), "a request had no answer") } }
    }

    /// The node that takes the next request: round robin over the open ones.
    mutating func next() -> NodeAddress? {
        for step in 0..<nodes.count {
            let index = (turn + step) % nodes.count
            if nodes[index].state == .open {
                turn = (index + 1) % nodes.count
                return nodes[index].address
            }
        }
        return nil
    }

    private mutating func change(_ address: NodeAddress, _ body: (inout (State, String?)) -> Void) {
        guard let index = nodes.firstIndex(where: { $0.address == address }) else { return }
        var pair = (nodes[index].state, nodes[index].reason)
        body(&pair)
        (nodes[index].state, nodes[index].reason) = pair
    }
}

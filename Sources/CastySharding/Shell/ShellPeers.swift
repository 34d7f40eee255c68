import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement

/// The paths of a shell, which are the same on all nodes.
struct ShellPaths: Sendable {
    /// For the messages that MUST NOT wait behind those of users; `nil` if all messages share one lane.
    var control: [String]?
    /// For the messages of users and what must stay in order with them. A path outside `system` puts its messages on
    /// the lane of user messages.
    var data: [String]
}

/// The shells of the same name on other nodes.
struct ShellPeers<Command: Sendable>: Sendable {
    /// The routes to the shell on one node.
    struct Peer: Sendable {
        let head: EnvelopeHead
        let control: ActorRef<Command>
        let data: ActorRef<Command>
    }

    let payloads: PayloadCodec
    let paths: ShellPaths
    private var known: [UniqueAddress: Peer] = [:]

    init(payloads: PayloadCodec, paths: ShellPaths) {
        self.payloads = payloads
        self.paths = paths
    }

    /// The routes to the shell on `node`.
    mutating func peer(_ node: UniqueAddress, from system: ActorSystem) -> Peer {
        if let peer = known[node] { return peer }
        let data: ActorRef<Command> = system.reference(on: node.address, path: paths.data)
        let peer = Peer(
            head: EnvelopeHead(from: system.unique, to: node, payloads: payloads),
            control: paths.control.map { system.reference(on: node.address, path: $0) } ?? data, data: data)
        known[node] = peer
        return peer
    }

    /// Forgets the nodes that are not members.
    mutating func follow(_ view: PlacementView) { known = known.filter { view.member($0.key) != nil } }

    /// Why a message that arrived with `head` is not for this shell; `nil` if it is.
    func refusal(of head: EnvelopeHead, at own: UniqueAddress) -> LossReason? {
        // The head names the shard type or singleton that the message is for, the address the actor that received it:
        // a peer may have sent ones that differ.
        guard head.payloads === payloads else { return .undecodable }
        // The message may be for an earlier incarnation of this node; it must not reach this one.
        return head.to == own ? nil : .wrongIncarnation
    }
}

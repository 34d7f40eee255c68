package import CastyActors
package import CastyCore
import CastyMembership
package import CastyRemoting
import Synchronization

/// One node, assembled: its actors, its connections to other nodes, its membership.
package struct ClusterNode: Sendable {
    package let system: ActorSystem
    package let remoting: Remoting
    package let cluster: Cluster

    /// Creates a node; ``start(completion:)`` starts it.
    ///
    /// - Parameter connectionLost: Called when the connection with an incarnation was lost: messages in transit to it
    ///   may be lost.
    /// - Parameter gaveUp: Called when messages that waited for a connection with an address were given up.
    package init(
        system: ActorSystem, config: ClusterConfig, remoting settings: RemotingSettings = RemotingSettings(),
        connectionLost: @escaping @Sendable (UniqueAddress) -> Void = { _ in },
        gaveUp: @escaping @Sendable (NodeAddress) -> Void = { _ in }
    ) throws {
        let link = DaemonLink()
        let hooks = RemotingHooks(
            connectFailed: { address, error in
                switch error.answer {
                case .wrongNode(let text)?: link.cluster?.metWrongNode(at: address, text)
                case .notTrusted(let text)?: link.cluster?.failedToProve(to: address, text)
                case .notNow?: break
                // Silence may mean a network cut with the cluster on the other side; a refused connection means that no
                // process listens.
                case nil: if error.code == .refused { link.cluster?.contactFailed(address) }
                }
            },
            peerIncarnation: { peer in link.cluster?.met(peer) }, connectionLost: connectionLost, gaveUp: gaveUp)
        self.system = system
        remoting = Remoting(system: system, settings: settings, hooks: hooks)
        cluster = try Cluster(system: system, remoting: remoting, config: config)
        link.connect(cluster)
    }

    /// Listens, then begins to join.
    ///
    /// - Parameter completion: Called with the bound address, or with the reason why binding failed.
    package func start(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        let cluster = cluster
        listen { result in
            if case .success = result { cluster.start() }
            completion(result)
        }
    }

    /// Listens; the cluster is to be started later.
    package func listen(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        remoting.start(completion: completion)
    }
}

extension Cluster {
    /// No process listens at an address.
    func contactFailed(_ address: NodeAddress) { daemon.tell(.contactFailed(address)) }

    /// The process at an address is not a node of this cluster.
    func metWrongNode(at address: NodeAddress, _ answer: String) {
        daemon.tell(.wrongNode(address, answer: answer))
    }

    /// The process at an address and this node do not accept each other's credentials.
    func failedToProve(to address: NodeAddress, _ reason: String) {
        daemon.tell(.notTrusted(address, reason: reason))
    }

    /// An incarnation answered where this node dialled: any other member at its address is gone.
    func met(_ peer: UniqueAddress) {
        let gone = published.withLock { published in
            published.state.members.map(\.node).filter { $0.address == peer.address && $0 != peer }
        }
        for node in gone { daemon.tell(.incarnationGone(node)) }
    }
}

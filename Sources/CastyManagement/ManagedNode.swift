import Casty
import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastySharding
import NIOHTTP1

/// The node that is managed: what can be asked of it.
final class ManagedNode: Sendable {
    /// How long the node's control thread may take to answer before the node counts as hanging.
    private static let patience = Duration.seconds(5)

    let metrics: PrometheusMetrics
    private let node: CastyNode
    private let pulse: ActorRef<Pulse>
    private let store: StoreProbe?

    /// Asks whether messages are handled.
    private struct Pulse: Sendable {
        let replyTo: ActorRef<Bool>
    }

    init(_ node: CastyNode, _ metrics: PrometheusMetrics) throws {
        self.node = node
        self.metrics = metrics
        store = node.cluster.config.store.map { StoreProbe($0, cluster: node.system.name) }
        // On the threads of the membership, which users' handlers never occupy.
        pulse = try node.system.spawnSystem(
            .receive { _, message in
                message.replyTo.tell(true)
                return .same
            }, name: "management")
    }

    var snapshot: NodeSnapshot { node.snapshot() }

    // MARK: Probes

    func live(_ answer: @escaping @Sendable (HealthView) -> Void) {
        let name = node.system.unique.description
        if let reason = ended { return answer(HealthView(node: name, checks: [.init("running", reason)])) }
        _ = node.system.ask(pulse, within: Self.patience, { Pulse(replyTo: $0) }) { (result: Result<Bool, AskError>) in
            var reason: String?
            if case .failure(let error) = result { reason = "its control thread does not answer: \(error.message)" }
            answer(HealthView(node: name, checks: [.init("running", reason)]))
        }
    }

    func ready(_ answer: @escaping @Sendable (HealthView) -> Void) {
        let checks = [HealthView.Check("running", ended), .init("joined", notJoined), .init("lease", withoutLease)]
        let name = node.system.unique.description
        guard let store else { return answer(HealthView(node: name, checks: checks)) }
        store.check { answer(HealthView(node: name, checks: checks + [.init("store", $0)])) }
    }

    /// Why the node does not run.
    private var ended: String? {
        if let reason = node.cluster.stopReason { return "the node has stopped: \(reason)" }
        return node.system.isTerminating ? "the node is stopping" : nil
    }

    private var notJoined: String? {
        switch node.cluster.state.member(node.system.unique)?.status {
        case .up?, .weaklyUp?: nil
        case let status?: "the node is \(status)"
        case nil:
            node.cluster.core.waitingForCluster.map { "the node is in no cluster: \($0)" }
                ?? "the node is in no cluster yet"
        }
    }

    private var withoutLease: String? {
        guard node.cluster.state.member(node.system.unique)?.status == .up else { return nil }
        return node.cluster.leaseValidUntil > node.system.now ? nil : "the node has no lease: its entities are paused"
    }

    // MARK: Verbs

    func noType(_ type: String?) -> ManagementResponse {
        let known = snapshot.sharding.map(\.type)
        return .problem(
            .notFound,
            "this node neither hosts nor uses the type; it knows "
                + (known.isEmpty ? "none" : known.joined(separator: ", ")))
    }

    func perform(_ verb: OperatorVerb, _ answer: @escaping @Sendable (ManagementResponse) -> Void) {
        node.sharding.perform(verb) { result in
            switch result {
            case .success(let moves):
                answer(.json(CommandView(accepted: "done, or begun", moves: moves), status: .accepted))
            case .failure(let error): answer(Self.problem(error))
            }
        }
    }

    func leave() -> ManagementResponse {
        node.beginLeaving()
        return .json(CommandView(accepted: "the node leaves", moves: nil), status: .accepted)
    }

    private static func problem(_ error: OperatorError) -> ManagementResponse {
        guard case .command(let code) = error.reason else { return .problem(.notFound, error.message) }
        let status: HTTPResponseStatus =
            switch code {
            case .noSuchShard, .noSuchNode: .notFound
            case .nodeTakesNoShards, .shardIsMoving, .tooManyIntents: .conflict
            case .noCoordinator: .serviceUnavailable
            case .timedOut: .gatewayTimeout
            }
        return .problem(status, error.message, code: code.rawValue)
    }
}

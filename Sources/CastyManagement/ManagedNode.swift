import Casty
import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
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

    func command(
        _ command: OperatorCommand, _ type: String?, _ answer: @escaping @Sendable (ManagementResponse) -> Void
    ) {
        guard let type, snapshot.sharding.contains(where: { $0.type == type }) else { return answer(noType(type)) }
        node.sharding.command(command, type: type) { answer(Self.response($0)) }
    }

    /// Sends a command for every type that this node knows, one after the other, and stops at the first refusal.
    func commandAllTypes(_ command: OperatorCommand, _ answer: @escaping @Sendable (ManagementResponse) -> Void) {
        next(command, snapshot.sharding.map(\.type)[...], moves: 0, answer)
    }

    private func next(
        _ command: OperatorCommand, _ types: ArraySlice<String>, moves: Int,
        _ answer: @escaping @Sendable (ManagementResponse) -> Void
    ) {
        guard let type = types.first else { return answer(Self.response(.accepted(moves: moves))) }
        node.sharding.command(command, type: type) { [self] result in
            guard case .accepted(let more) = result else { return answer(Self.response(result)) }
            next(command, types.dropFirst(), moves: moves + more, answer)
        }
    }

    func down(_ address: NodeAddress) -> ManagementResponse {
        guard node.cluster.state.members.contains(where: { $0.node.address == address }) else {
            return .problem(.notFound, "there is no member at \(address)")
        }
        node.cluster.down(address)
        return .json(CommandView(accepted: "\(address) is declared dead", moves: nil), status: .accepted)
    }

    func leave() -> ManagementResponse {
        node.beginLeaving()
        return .json(CommandView(accepted: "the node leaves", moves: nil), status: .accepted)
    }

    private static func response(_ answer: CommandAnswer) -> ManagementResponse {
        switch answer {
        case .accepted(let moves):
            .json(CommandView(accepted: "done, or begun", moves: moves), status: .accepted)
        case .refused(let refusal): problem(ShardCommandError(refusal))
        }
    }

    private static func problem(_ error: ShardCommandError) -> ManagementResponse {
        switch error.code {
        case .noSuchShard, .noSuchNode: .problem(.notFound, error.message, code: error.code.rawValue)
        case .nodeTakesNoShards, .shardIsMoving, .tooManyIntents:
            .problem(.conflict, error.message, code: error.code.rawValue)
        case .noCoordinator: .problem(.serviceUnavailable, error.message, code: error.code.rawValue)
        case .timedOut: .problem(.gatewayTimeout, error.message, code: error.code.rawValue)
        }
    }
}

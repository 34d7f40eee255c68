import Casty
import CastyClient
import CastyConsole
import CastyCore
import CastyScenario
import CastySharding
import Dispatch
import Synchronization

/// Carries out what a person at an attached console asks of the cluster, as a client with the capability to operate.
final class ClusterOperator: Sendable {
    private let client: CastyClient
    private let say: @Sendable (ConsoleMessage.Kind, String) -> Void
    /// How long a request may take.
    private static let patience = Duration.seconds(10)

    /// - Parameter say: Shows the outcome of a command.
    init(
        cluster: String, nodes: [NodeAddress], _ security: ConnectionSecurity,
        say: @escaping @Sendable (ConsoleMessage.Kind, String) -> Void
    ) throws {
        client = try CastyClient(cluster, nodes: nodes.map(\.description)) {
            $0.tls = security
            $0.workers = 1
        }
        self.say = say
        client.start()
    }

    /// Uses these nodes too.
    func add(_ nodes: [NodeAddress]) { for node in nodes { client.entities.add(node) } }

    /// Waits until a node has taken this client, or all have refused it.
    ///
    /// - Returns: Why this client may not operate; `nil` if it may.
    func refusal(within patience: Duration) -> String? {
        let answered = DispatchSemaphore(value: 0)
        let refusal = Refusal()
        client.entities.deliver(.hello, within: patience) { result in
            if case .failure(let error) = result { refusal.reason.withLock { $0 = error.message } }
            answered.signal()
        }
        answered.wait()
        return refusal.reason.withLock { $0 }
    }

    /// Carries out a command, and says what came of each of its parts.
    ///
    /// - Parameter address: The address of a node by its name on the screen.
    func carryOut(_ command: RemoteCommand, address: (String) -> NodeAddress?) {
        let word = command.verb.rawValue
        func each(
            _ names: [String], _ verb: (NodeAddress) -> OperatorVerb,
            _ done: @escaping @Sendable (String, Int) -> String
        ) {
            for name in names {
                guard let node = address(name) else {
                    say(.refused, "\(word): there is no node \(name)")
                    continue
                }
                let verb = verb(node)
                send(.operate(verb, at: verb == .leave ? node : nil), word) { done(name, $0) }
            }
        }
        switch command {
        case .leave(let names): each(names, { _ in .leave }) { name, _ in "\(name) leaves" }
        case .down(let names): each(names, OperatorVerb.down) { name, _ in "\(name) is declared dead" }
        case .drain(let names):
            each(names, { .drain($0, type: nil) }) { "\($0) is drained: \(OperateOptions.shards($1))" }
        case .undrain(let names): each(names, { .undrain($0, type: nil) }) { name, _ in "\(name) takes shards again" }
        case .move(let type, let shard, let name):
            each([name], { .move(type: type, shard: shard, to: $0) }) { name, _ in
                "shard \(shard) of \(type) moves to \(name)"
            }
        case .pin(let type, let shard, let name):
            each([name], { .pin(type: type, shard: shard, to: $0) }) { name, _ in
                "shard \(shard) of \(type) is pinned to \(name)"
            }
        case .rebalance(let types, let mode):
            for type in types {
                switch mode {
                case .now:
                    send(.operate(.rebalance(type: type)), word) { moves in
                        moves == 0 ? "\(type) is in balance" : "\(type): \(OperateOptions.shards(moves))"
                    }
                case .pause:
                    send(.operate(.pause(type: type)), word) { _ in "moves of \(type) for balance are paused" }
                case .resume: send(.operate(.resume(type: type)), word) { _ in "\(type) is balanced again" }
                }
            }
        case .tell(let entities, let text):
            for entity in entities {
                send(.tell(entity, text), word) { _ in
                    entities.count == 1 ? "\(entity): sent" : "\(entities.count) entities: sent, \(entity) last"
                }
            }
        case .ask(let entity, let text, let patience):
            client.entities.deliver(.ask(entity, text), within: patience) { [self] result in
                show(result, word) { "\(entity) replies: \($0.text.printable)" }
            }
        }
    }

    /// Ends the connections and the threads.
    func close() {
        let ended = DispatchSemaphore(value: 0)
        client.close { ended.signal() }
        _ = ended.wait(timeout: .now() + .seconds(1))
    }

    private func send(_ request: EntityClient.Request, _ word: String, _ done: @escaping @Sendable (Int) -> String) {
        client.entities.deliver(request, within: Self.patience) { [self] result in
            show(result, word) { done(Int($0.text) ?? 0) }
        }
    }

    private func show(
        _ result: Result<EntityClient.Reply, ClientError>, _ word: String, _ done: (EntityClient.Reply) -> String
    ) {
        switch result {
        case .success(let reply): say(.done, done(reply))
        case .failure(let error):
            say(
                .refused,
                "\(word): \(error.message.printable)"
                    + (error.isSurelyUnhandled ? "" : "; it may have been done, or may be later"))
        }
    }
}

/// Why a client was refused.
private final class Refusal: Sendable {
    let reason = Mutex<String?>(nil)
}

import ArgumentParser
import CastyClient
import CastyCore
import CastySharding
import Dispatch
import Synchronization

/// A client of running nodes, for commands that wait.
final class ClientSession: Sendable {
    private let connection: CastyClient

    /// - Throws: `ExitCode` 66, after printing the reason, where the credentials cannot be used.
    init(_ options: ClientOptions, nodes: [NodeAddress], for command: String) throws {
        do {
            connection = try CastyClient(options.cluster, nodes: nodes.map(\.description)) {
                $0.tls = options.credentials.security
            }
        } catch {
            Output.error("casty \(command): \(error.message)")
            throw ExitCode(66)
        }
        connection.start()
    }

    var client: EntityClient { connection.entities }

    /// Ends the connections and the threads.
    func end() {
        let ended = DispatchSemaphore(value: 0)
        connection.close { ended.signal() }
        _ = ended.wait(timeout: .now() + .seconds(1))
    }

    /// Sends a request, again as long as it was surely not handled, and waits for its outcome.
    func send(
        _ request: EntityClient.Request, within timeout: Duration
    ) -> Result<EntityClient.Reply, ClientError> {
        let box = AnswerBox()
        client.deliver(request, within: timeout) { box.set($0) }
        return box.wait()
    }
}

/// Waits for one answer.
private final class AnswerBox: Sendable {
    private let answer = Mutex<Result<EntityClient.Reply, ClientError>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ result: Result<EntityClient.Reply, ClientError>) {
        answer.withLock { $0 = result }
        isThere.signal()
    }

    func wait() -> Result<EntityClient.Reply, ClientError> {
        isThere.wait()
        return answer.withLock { $0 } ?? .failure(ClientError(.failed, "no answer"))
    }
}

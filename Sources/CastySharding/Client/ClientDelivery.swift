import CastyActors
package import CastyCore
import Synchronization

extension EntityClient {
    /// What a client asks, and of which node.
    package struct Request: Sendable {
        /// Which node a request goes through.
        enum Route: Sendable {
            /// The next one that is open.
            case any
            /// The same one for all requests with a key, as long as it is open.
            case entity(UInt64)
            /// This one.
            case node(NodeAddress)
        }

        var route = Route.any
        /// Whether it is sent again where the connection was lost before the answer, so that it may be handled twice.
        var repeatsLost = false
        /// The request, from the time that is left for the reply.
        let content: @Sendable (Duration) -> ClientRequest.Content

        /// Asks an entity with text.
        package static func ask(_ entity: String, _ text: String) -> Request {
            Request { .ask(entity: entity, text: text, milliseconds: ClientProtocol.milliseconds($0)) }
        }

        /// Sends an entity text.
        package static func tell(_ entity: String, _ text: String) -> Request {
            Request { _ in .tell(entity: entity, text: text) }
        }

        /// Carries out an operator's verb, through one node where it is named: `leave` concerns that node.
        package static func operate(_ verb: OperatorVerb, at node: NodeAddress? = nil) -> Request {
            Request(route: node.map(Route.node) ?? .any) { _ in .operate(verb) }
        }

        /// Asks whether a node is there.
        package static let hello = Request { _ in .hello }
    }
}

/// A request that is sent again as long as it was surely not handled, and may succeed a little later.
final class ClientDelivery: Sendable {
    private let request: EntityClient.Request
    private let client: EntityClient
    private let number: UInt64
    private let end: Instant
    private let completion: Mutex<EntityClient.Completion?>
    /// The pause between two attempts.
    private static let pause = Duration.milliseconds(20)

    init(
        _ request: EntityClient.Request, through client: EntityClient, number: UInt64, until end: Instant,
        _ completion: @escaping EntityClient.Completion
    ) {
        self.request = request
        self.client = client
        self.number = number
        self.end = end
        self.completion = Mutex(completion)
    }

    func attempt() {
        guard completion.withLock({ $0 != nil }) else { return }
        client.send(request, within: max(.milliseconds(1), end - client.system.now)) { [self] result in
            guard case .failure(let error) = result, isRepeated(error), client.system.now < end else {
                return finish(result)
            }
            _ = client.system.world.scheduler.schedule(after: Self.pause) { [self] in attempt() }
        }
    }

    private func isRepeated(_ error: ClientError) -> Bool {
        error.isTransient || request.repeatsLost && error.code == .connectionLost
    }

    /// Ends it; only the first call counts.
    func finish(_ result: Result<EntityClient.Reply, ClientError>) {
        let completion = completion.withLock { completion in
            defer { completion = nil }
            return completion
        }
        guard let completion else { return }
        client.ended(number)
        completion(result)
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyPlacement
import CastyRemoting
import CastySerialization
import NIOCore
import Synchronization

extension ShardRegion {
    /// Sends an entity the message of a client, in the name of this node.
    ///
    /// - Parameters:
    ///   - request: The message, as the client has encoded it.
    ///   - client: The client's address: the message may name no other actor than the receiver of its own reply.
    ///   - answer: Called at least once; only the first call counts.
    func take(
        _ request: ClientMessage, from client: NodeAddress,
        answer: @escaping @Sendable (ClientResponse.Content) -> Void
    ) {
        func refuse(_ text: String) { answer(.failed(ClientError(.badRequest, text))) }
        let registered: RegisteredType<Message>
        do {
            registered = try system.registry.registration(of: Message.self)
        } catch {
            return refuse("\(type) takes no messages from other programs: \(error.message)")
        }
        guard registered.name == request.value.name else {
            return refuse("\(type) takes \(registered.name), not \(request.value.name.prefix(100))")
        }
        let reply = ClientReply(self, request, from: client, answer: answer)
        let message: Message
        do {
            var bytes = ByteBuffer(bytes: request.value.bytes)
            message = try registered.decode(
                from: &bytes, codec: CodecID(rawValue: request.value.codec),
                context: CodingContext(userInfo: [.actorSystem: reply], serializer: serializer))
        } catch {
            refuse("\(type) cannot read the \(registered.name): \(error)")
            return reply.cancel()
        }
        guard request.milliseconds != nil else {
            tell(request.entity, message)
            return answer(.sent)
        }
        guard reply.send(message) else { return refuse("the \(registered.name) names no receiver of its reply") }
    }

    fileprivate var serializer: CustomSerializer? { host.cluster.remoting?.settings.serializer }
}

/// Where the reply to a client's question goes on the node that forwards it: a question of the node itself, whose
/// outcome becomes the answer to the client.
///
/// The type of the reply is known when the message is decoded, and only there.
private final class ClientReply<Message: Sendable>: ReferenceBinding {
    private struct Prepared {
        let ask: PreparedAsk<RegionCommand>
        /// An `ActorRef` of the reply's type.
        let reply: any Sendable
    }

    private let region: ShardRegion<Message>
    private let entity: String
    private let codec: CodecID
    /// `nil` where no reply is expected.
    private let timeout: Duration?
    private let client: NodeAddress
    private let answer: @Sendable (ClientResponse.Content) -> Void
    private let prepared = Mutex<Prepared?>(nil)

    init(
        _ region: ShardRegion<Message>, _ request: ClientMessage, from client: NodeAddress,
        answer: @escaping @Sendable (ClientResponse.Content) -> Void
    ) {
        self.region = region
        entity = request.entity
        codec = CodecID(rawValue: request.value.codec)
        timeout = request.milliseconds.map(ClientProtocol.timeout)
        self.client = client
        self.answer = answer
    }

    func reference<Reply: Sendable>(to address: ActorAddress, as type: Reply.Type) -> ActorRef<Reply>? {
        guard let timeout, address.node == client, address.path == ClientProtocol.replyPath else { return nil }
        // A message may hold the reference twice.
        if let known = prepared.withLock({ $0?.reply }) { return known as? ActorRef<Reply> }
        let (region, entity, codec, answer) = (region, entity, codec, answer)
        let (reply, ask) = region.system.prepareAsk(region.actor, within: timeout) {
            (result: Result<Reply, AskError>) in
            switch result {
            case .success(let reply): answer(region.encoded(reply, codec))
            case .failure(let error): answer(.failed(ClientError(error.about(type: region.type, entity: entity))))
            }
        }
        prepared.withLock { $0 = Prepared(ask: ask, reply: reply) }
        return reply
    }

    /// Sends the question; returns `false` where the message names no receiver of its reply.
    func send(_ message: Message) -> Bool {
        guard let ask = prepared.withLock({ $0?.ask }) else { return false }
        ask.send(.ask(entity: entity, TypedMessage(message), .waitForNewHome))
        return true
    }

    func cancel() { prepared.withLock { $0?.ask }?.cancel() }
}

extension ShardRegion {
    /// A reply in the form that the client reads.
    fileprivate func encoded<Reply: Sendable>(_ reply: Reply, _ codec: CodecID) -> ClientResponse.Content {
        do {
            let registered = try system.registry.registration(of: Reply.self)
            let codec = registered.codec(agreed: codec)
            var bytes = ByteBuffer()
            try registered.encode(
                reply, with: codec, context: CodingContext(userInfo: [.actorSystem: system], serializer: serializer),
                into: &bytes)
            let limit = ClientProtocol.longestMessage(host.cluster.remoting?.settings.frameLimit)
            guard bytes.readableBytes <= limit else {
                return .failed(
                    ClientError(.failed, "the reply has \(bytes.readableBytes) bytes, and at most \(limit) travel"))
            }
            return .value(
                EncodedValue(name: registered.name, codec: codec.rawValue, bytes: Array(bytes.readableBytesView)))
        } catch {
            return .failed(ClientError(.failed, "the reply cannot be sent to a client: \(error)"))
        }
    }
}

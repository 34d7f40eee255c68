import CastyCore
import CastyPlacement
import CastySerialization
import NIOCore
import Testing

@testable import CastySharding

@Suite struct ShardingWireTests {
    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 25_520), incarnation: UInt64(number))
    }

    private static let version = ShardVersion(epoch: CoordinatorEpoch(upNumber: 3, start: 2), sequence: 9)

    private static var intents: Intents {
        var intents = Intents()
        intents.version = version
        intents.pins = [ShardPin(shard: 3, address: node(1).address)]
        intents.drains = [node(2)]
        intents.isPaused = true
        return intents
    }

    private static var messages: [ShardingMessage<String>] {
        let shard = VersionedShard(shard: 4, version: version)
        let place = node(3).address
        let commands: [OperatorCommand] = [
            .move(shard: 1, to: place), .pin(shard: 2, to: place), .unpin(shard: 3), .drain(place), .undrain(place),
            .rebalance, .pause, .resume,
        ]
        let requests: [CoordinatorRequest] =
            [
                .register(
                    Registration(
                        number: 1, shardCount: 24, accepts: true,
                        hosted: [HostedShard(shard: 1, version: version, isStopping: true)], leftovers: [2],
                        known: [3, 4],
                        intents: intents)),
                .notHosted, .homes(of: [1, 2, 3]), .started([shard]), .hostRefused([shard]),
                .handOffBegun(shard: 1, handoff: version), .stopped(shard, hasLeftover: true), .leave,
                .departed, .epochSeen(version.epoch), .intentsKnown(version),
            ] + commands.enumerated().map { .command(id: UInt64($0.offset), $0.element) }
        let orders: [CoordinatorOrder] = [
            .announce, .registered(number: 1, intents: intents), .registrationRefused(number: 1, shardCount: 12),
            .homes([ShardHome(shard: 1, node: node(1), version: version)], allOf: 3..<24),
            .host([HostOrder(shard: 1, version: version, holdFor: node(2)), HostOrder(shard: 2, version: version)]),
            .beginHandOff(shard: 1, handoff: version, owner: node(1)),
            .handOff(shard: 1, version: version, handoff: version, participants: [node(1), node(2)]), .discard(shard),
            .intents(intents), .released, .answer(id: 1, .accepted(moves: 3)),
            .answer(id: 2, .refused(.nodeTakesNoShards)), .notHosted,
            .homeless(HomelessCause.allCases.map { HomelessShard(shard: Int($0.rawValue), cause: $0) }),
        ]
        let delivery = ShardDelivery(
            shard: 1, entity: "cart/ü 17", version: version, sequence: 5, isRetry: true, payload: "add apples")
        let peers: [PeerMessage<String>] =
            [
                .deliver(delivery), .notHome(delivery, known: ShardHome(shard: 1, node: node(1), version: version)),
                .notHome(delivery, known: nil), .streamEnd(shard: 1, token: 2, handoff: version),
                .streamEnd(shard: 1, token: 2, handoff: nil), .streamClosed(shard: 1, token: 2), .transferred(shard: 1),
                .passivate(entity: "cart/7"),
            ]
            + AskPatience.allCases.flatMap { patience in
                [false, true].map { isRetry in
                    .deliver(
                        ShardDelivery(
                            shard: 1, entity: "cart/7", version: version, sequence: 6, isRetry: isRetry, asks: patience,
                            payload: "how many?"))
                }
            }
        return requests.map { .request($0) } + orders.map { .order(version.epoch, $0) } + peers.map { .peer($0) }
    }

    private static func payloads(_ type: String = "cart", _ codec: CodecID = .binary) throws -> PayloadCodec {
        let registry = TypeRegistry()
        try registry.register(String.self, name: "text")
        return PayloadCodec(type, try #require(registry.find(String.self)), codec)
    }

    private static func codec() throws -> MessageCodec<RegionCommand> {
        let codecs = PayloadCodecs()
        codecs.add(try payloads())
        return RegionCommand.codec(codecs)
    }

    private static func bytes(
        _ message: ShardingMessage<String>, type: String = "cart", _ codec: CodecID = .binary
    ) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        let head = EnvelopeHead(from: node(1), to: node(2), payloads: try payloads(type, codec))
        let envelope = ShardingEnvelope(head: head, message: message.mapped { TypedMessage($0) })
        try Self.codec().encode(.wire(envelope), CodingContext(), &buffer)
        return buffer
    }

    @Test("every sharding message comes back as it was", arguments: Array(messages.indices), [CodecID.binary, .json])
    func roundTrip(index: Int, written: CodecID) throws {
        let message = Self.messages[index]
        let codec = try Self.codec()
        // The second time the head is known.
        for _ in 1...2 {
            var buffer = try Self.bytes(message, written)
            guard case .wire(let back) = try codec.decode(&buffer, CodingContext()) else {
                Issue.record("something else than an envelope was read")
                return
            }
            #expect(back.message.mapped { $0.unwrap(as: String.self) ?? "another type" } == message)
            #expect(back.head.from == Self.node(1))
            #expect(back.head.to == Self.node(2))
        }
    }

    @Test(
        "a message of a shard type that does not run here can be sent back as it came",
        arguments: [CodecID.binary, .json])
    func unknownType(written: CodecID) throws {
        let codec = try Self.codec()
        for message in Self.messages {
            let bytes = try Self.bytes(message, type: "basket", written)
            var unread = bytes
            let command = try codec.decode(&unread, CodingContext())
            var back = ByteBuffer()
            try codec.encode(command, CodingContext(), &back)
            #expect(back == bytes)
        }
    }

    @Test("a message that is cut short or twisted is read or refused, and never traps")
    func hostile() throws {
        var generator = SeededGenerator(seed: 4)
        let codec = try Self.codec()
        var refused = 0
        for message in Self.messages {
            let whole = try Self.bytes(message)
            for _ in 0..<300 {
                var part = whole
                for _ in 0...generator.below(3) {
                    part.setInteger(
                        UInt8(truncatingIfNeeded: generator.next()), at: generator.below(part.readableBytes))
                }
                if generator.below(2) == 0 { part.moveWriterIndex(to: generator.below(part.readableBytes)) }
                do {
                    _ = try codec.decode(&part, CodingContext())
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 3000)
    }

    @Test("what is no message between nodes does not travel")
    func local() throws {
        var buffer = ByteBuffer()
        #expect(throws: WireError.self) {
            try Self.codec().encode(.shell(.membershipChanged), CodingContext(), &buffer)
        }
    }
}

extension ShardingMessage {
    /// The same with another payload.
    fileprivate func mapped<Other>(_ transform: (Payload) -> Other) -> ShardingMessage<Other> {
        func mapped(_ delivery: ShardDelivery<Payload>) -> ShardDelivery<Other> {
            ShardDelivery(
                shard: delivery.shard, entity: delivery.entity, version: delivery.version, sequence: delivery.sequence,
                isRetry: delivery.isRetry, asks: delivery.asks, payload: transform(delivery.payload))
        }
        switch self {
        case .request(let request): return .request(request)
        case .order(let epoch, let order): return .order(epoch, order)
        case .peer(.deliver(let delivery)): return .peer(.deliver(mapped(delivery)))
        case .peer(.notHome(let delivery, let known)): return .peer(.notHome(mapped(delivery), known: known))
        case .peer(.streamEnd(let shard, let token, let handoff)):
            return .peer(.streamEnd(shard: shard, token: token, handoff: handoff))
        case .peer(.streamClosed(let shard, let token)): return .peer(.streamClosed(shard: shard, token: token))
        case .peer(.transferred(let shard)): return .peer(.transferred(shard: shard))
        case .peer(.passivate(let entity)): return .peer(.passivate(entity: entity))
        }
    }
}

import CastyCore
import CastyPlacement
import CastySerialization
import NIOCore
import Testing

@testable import CastySharding

/// How deliveries over an open route begin.
@Suite("The beginning of deliveries")
struct DeliveryHeadTests {
    private static let ids = ["e", "", "cart 7/ü", String(repeating: "long", count: 200)]

    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 25520), incarnation: 7)
    }

    @Test("what a route writes is what an envelope with the same delivery says", arguments: ids)
    func sameAsEnvelope(entity: String) throws {
        let registry = TypeRegistry()
        try registry.register(String.self, name: "text")
        let payloads = PayloadCodec("cart", try #require(registry.find(String.self)), .binary)
        let codecs = PayloadCodecs()
        codecs.add(payloads)
        let envelopeHead = EnvelopeHead(from: Self.node(1), to: Self.node(2), payloads: payloads)
        let version = ShardVersion(epoch: .none, sequence: 300)
        let head = DeliveryHead(envelopeHead, shard: 129, version: version)
        let marks = RegionCommand.marks(isRetry: false, .failFast)

        // Behind other bytes, as in a buffer that was used before.
        var buffer = ByteBuffer(string: "before")
        let index = head.write(entity: entity, marks: marks, payloads.codec, into: &buffer)
        #expect(buffer.getBytes(at: index, length: DeliveryNumber.size) == Array(repeating: 0, count: 9))
        buffer.setInteger(DeliveryNumber.head(of: 1 << 40), at: index, endianness: .little)
        try payloads.encodeContent(TypedMessage("seven"), CodingContext(), &buffer)
        #expect(buffer.readString(length: 6) == "before")

        let command = try RegionCommand.codec(codecs).decode(&buffer, CodingContext())
        guard case .wire(let envelope) = command, case .peer(.deliver(let delivery)) = envelope.message else {
            Issue.record("no delivery: \(command)")
            return
        }
        #expect(buffer.readableBytes == 0)
        #expect(envelope.head.from == Self.node(1) && envelope.head.to == Self.node(2))
        #expect(delivery.shard == 129 && delivery.entity == entity && delivery.version == version)
        #expect(delivery.sequence == 1 << 40 && !delivery.isRetry && delivery.asks == .failFast)
        #expect(delivery.payload.unwrap() == "seven")
    }
}

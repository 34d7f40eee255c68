import Casty
import Testing

/// Entities whose messages write their own bytes and are not `Codable`.
@Suite("Entities with messages of a hand-written form", .timeLimit(.minutes(10)))
struct WireEntityTests {
    enum Meter: WireCodable {
        case add(Int)
        case pass(to: EntityRef<Meter>)
        case total(replyTo: ActorRef<Int>)

        func encode(into writer: inout WireWriter) {
            switch self {
            case .add(let amount):
                writer.write(case: 0)
                writer.write(amount)
            case .pass(let other):
                writer.write(case: 1)
                writer.write(other)
            case .total(let replyTo):
                writer.write(case: 2)
                writer.write(replyTo)
            }
        }

        init(from reader: inout WireReader) throws(WireReadError) {
            switch try reader.readCase() {
            case 0: self = .add(try reader.readInt())
            case 1: self = .pass(to: try reader.read())
            case 2: self = .total(replyTo: try reader.read())
            case let other: throw .unknownCase(other)
            }
        }
    }

    static let meters = EntityType("meter", of: Meter.self, shards: 6, role: "shop")

    @Test("they are reached from other nodes, by references in messages and by the region's reference too")
    func reached() async throws {
        let first = try await EntityTypeTests.node()
        let second = try await EntityTypeTests.node([EntityTypeTests.address(of: first)], [])
        try await second.joined()
        let region = try first.host(Self.meters) { _ in
            .stateful(0) { total, _, message in
                switch message {
                case .add(let amount): total += amount
                case .pass(let other): other.tell(.add(total))
                case .total(let replyTo): replyTo.tell(total)
                }
                return .same
            }
        }
        let meter = second.entity(Self.meters, "meter-1")
        for amount in 1...100 { meter.tell(.add(amount)) }
        let total = try await meter.ask { .total(replyTo: $0) }
        #expect(total == 5050)

        let other = second.entity(Self.meters, "meter-2")
        meter.tell(.pass(to: other))
        var passed = 0
        while passed == 0 { passed = try await other.ask { .total(replyTo: $0) } }
        #expect(passed == 5050)

        // As if it had been sent in a message.
        region.ref.target.willTravel()
        let remote = try #require(second.system.resolve(region.ref.address, as: ShardEnvelope<Meter>.self))
        let asked = try await second.system.ask(remote) {
            ShardEnvelope(entity: "meter-1", message: .total(replyTo: $0))
        }
        #expect(asked == 5050)

        await second.leave()
        await first.leave()
    }
}

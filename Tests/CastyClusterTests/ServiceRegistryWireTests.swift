import CastyCore
import CastyMembership
import CastySerialization
import NIOCore
import Testing

@testable import CastyCluster

@Suite struct ServiceRegistryWireTests {
    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(
            address: NodeAddress(host: "127.0.0.\(number)", port: 25_520), incarnation: UInt64(number) &* 0x9E37 | 1)
    }

    private static func registrations(_ generator: inout SeededGenerator) -> [Registration] {
        (0..<UInt64(generator.below(6))).map { number in
            Registration(
                version: number * 3 + 1,
                service: ServiceID(name: ["printer", "ü"][generator.below(2)], type: "test.job"),
                path: ["user", "till \(number)"], uid: generator.next() | 1)
        }
    }

    private static func messages(_ generator: inout SeededGenerator) -> [ServiceRegistryMessage] {
        let versions = (1...3).map { KnownVersion(node: node($0), version: generator.next()) }
        let changes = RegistrationChanges(
            after: 3, through: generator.next(), added: registrations(&generator),
            removed: [RegistrationRemoval(at: 9, of: 2), RegistrationRemoval(at: .max, of: 1)])
        let state = RegistrationState(
            asOf: generator.next(), after: 0, through: 18, registrations: registrations(&generator))
        return [
            .status(generator.next()), .versions(versions, .all), .versions([], .some), .versions(versions, .answer),
            .want(versions), .wantState(owner: node(2), asOf: 300, after: 7),
            .changes(owner: node(1), changes, latest: .max, isLast: false),
            .changes(owner: node(4), RegistrationChanges(after: 1, through: 1), latest: 0, isLast: true),
            .state(owner: node(3), state, isLast: true),
        ]
    }

    @Test("every message of a registry comes back as it was")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<100 {
            for message in Self.messages(&generator) {
                var buffer = ByteBuffer()
                message.encode(into: &buffer)
                #expect(try ServiceRegistryMessage(from: &buffer) == message)
                #expect(buffer.readableBytes == 0)
            }
        }
    }

    @Test("a message that is cut short is refused, wherever the cut is")
    func truncated() {
        var generator = SeededGenerator(seed: 2)
        for message in Self.messages(&generator) {
            var whole = ByteBuffer()
            message.encode(into: &whole)
            for length in 0..<whole.readableBytes {
                guard var part = whole.getSlice(at: 0, length: length) else { continue }
                #expect(throws: WireError.self) { try ServiceRegistryMessage(from: &part) }
            }
        }
    }

    @Test("arbitrary bytes are read or refused, and what is read can be taken without a trap")
    func hostile() {
        var generator = SeededGenerator(seed: 3)
        var registry = ServiceRegistry(
            myself: Self.node(1), settings: ServiceRegistrySettings(), generator: SeededGenerator(seed: 1))
        let members = (1...4).map { ServiceNode(node: Self.node($0), isListed: true, isReachable: true) }
        _ = registry.onView(members, at: .start)
        var (refused, taken) = (0, 0)
        for round in 0..<20_000 {
            let messages = Self.messages(&generator)
            var buffer = ByteBuffer()
            messages[round % messages.count].encode(into: &buffer)
            for _ in 0...generator.below(3) {
                buffer.setInteger(
                    UInt8(truncatingIfNeeded: generator.next()), at: generator.below(buffer.readableBytes))
            }
            guard let message = try? ServiceRegistryMessage(from: &buffer) else {
                refused += 1
                continue
            }
            taken += 1
            _ = registry.onMessage(message, from: Self.node(2 + round % 3), at: .start)
        }
        #expect(refused > 100)
        #expect(taken > 100)
        for node in 2...4 {
            let versions = registry.log(of: Self.node(node))?.registrations.map(\.version) ?? []
            #expect(versions == versions.sorted())
        }
    }

    @Test("a page of registrations stays near its limit on the wire")
    func size() throws {
        var registry = ServiceRegistry(
            myself: Self.node(1), settings: ServiceRegistrySettings(), generator: SeededGenerator(seed: 1))
        for uid in 1...2000 as ClosedRange<UInt64> {
            let service = ServiceID(name: "service \(uid % 700)", type: "some.type")
            _ = registry.onRegister(service, path: ["user", "a rather long name", "\(uid)"], uid: uid, at: .start)
        }
        let limit = ServiceRegistrySettings().pageBytes
        var after: UInt64 = 0
        var pages = 0
        while after < registry.own.version {
            let page = try #require(registry.own.changes(after: after, bytes: limit))
            var buffer = ByteBuffer()
            ServiceRegistryMessage.changes(owner: Self.node(1), page, latest: 2000, isLast: true).encode(into: &buffer)
            #expect(buffer.readableBytes < limit + 100)
            after = page.through
            pages += 1
        }
        #expect(pages > 2)
    }
}

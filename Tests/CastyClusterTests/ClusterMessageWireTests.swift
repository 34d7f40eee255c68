import CastyCore
import CastyMembership
import CastySerialization
import NIOCore
import Testing

@testable import CastyCluster

@Suite struct ClusterMessageWireTests {
    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(
            address: NodeAddress(host: "127.0.0.\(number)", port: 25_520), incarnation: UInt64(number) &* 0x9E37 | 1)
    }

    /// A gossip that a generator puts together: members of every status, rows, tombstones, clock and seen.
    private static func gossip(_ generator: inout SeededGenerator) -> Gossip {
        let nodes = generator.permuted((1...12).map(node))
        let count = generator.below(10) + 1
        let members = nodes.prefix(count).map { node in
            Member(
                node: node, status: MemberStatus.allCases[generator.below(MemberStatus.allCases.count)],
                upNumber: generator.below(2) == 0 ? nil : UInt32(generator.below(100) + 1),
                roles: generator.below(3) == 0 ? ["backend", "ü"] : [])
        }
        let rows = nodes.prefix(count).prefix(generator.below(4)).map { observer in
            ObserverRows(
                observer: observer, version: generator.next() >> 40,
                rows: nodes.prefix(count).prefix(generator.below(3)).map {
                    ReachabilityRow(
                        subject: $0, verdict: ReachabilityRow.Verdict.allCases[generator.below(3)],
                        witness: generator.below(2) == 0 ? nil : nodes[0])
                })
        }
        return Gossip(
            members: members, reachability: rows,
            tombstones: nodes.dropFirst(count).map {
                Tombstone(
                    node: $0, lastStatus: .down, changes: 7, silence: .milliseconds(Int64(generator.below(600_001))))
            },
            version: VectorClock(
                nodes.prefix(count).map { VectorClock.Entry(node: $0, count: generator.next() >> 32 | 1) }),
            seen: Array(nodes.prefix(count).prefix(generator.below(count + 1))))
    }

    private static func messages(_ generator: inout SeededGenerator) -> [ClusterMessage] {
        let settings = [SharedSetting("shards", "24"), SharedSetting("downing", "keep-majority")]
        let claim = ClusterClaim(
            id: ClusterID(high: generator.next(), low: 1), founding: 5, size: 3, age: .max, isTroubled: true)
        return [
            .initJoin(settings: settings, ballot: .candidacy(round: 7)),
            .initJoin(settings: [], ballot: .question(round: 300)),
            .noCluster(
                round: 1, vote: .granted,
                memory: RememberedCluster(
                    id: claim.id, members: [node(1).address, node(2).address], highestUpNumber: 41)),
            .noCluster(round: 2, vote: .later(.milliseconds(251))),
            .noCluster(round: 3, vote: .givenTo(node(4).address)), .noCluster(round: 4, vote: .knowsCluster),
            .noCluster(round: 5, vote: .otherSeeds("127.0.0.1:1,127.0.0.1:2")), .noCluster(round: 6, vote: .notAsked),
            .noCluster(round: 7, vote: .noSeed), .initJoinAck(leader: nil), .initJoinAck(leader: node(4)),
            .initJoinNack(.notInitialised), .initJoinNack(.goingAway),
            .initJoinNack(.settingDiffers(name: "shards", cluster: "24", joiner: "12")), .initJoinNack(.removed),
            .join(roles: ["a", "b"], settings: settings, highest: 77), .welcome(gossip(&generator)),
            .joinRefused(.removed),
            .heartbeat(sequence: generator.next(), sentAt: Instant(nanoseconds: 41)),
            .heartbeatAck(sequence: 0, sentAt: .distantFuture, voters: generator.next()),
            .unknown(sequence: generator.next(), sentAt: Instant(nanoseconds: 42)),
            .probeConnection(sequence: generator.next(), sentAt: Instant(nanoseconds: 43)),
            .gossipStatus(digest: generator.next(), seenDigest: generator.next()),
            .gossipSeen(digest: generator.next(), seen: [node(1), node(2)]), .gossipEnvelope(gossip(&generator)),
            .gossipSpread(gossip(&generator), relay: [node(2), node(5)]),
            .gossipAck(digest: generator.next(), seen: [node(3)]),
            .exitingConfirmed, .lastAcknowledged(subject: node(3), ago: nil),
            .lastAcknowledged(subject: node(4), ago: .milliseconds(4321)), .probeRequest(id: 7, subject: node(3)),
            .probe(id: .max, origin: node(4)),
            .probeAck(id: 1, origin: node(5)), .probeAnswer(id: 2, subject: node(6)), .gone,
            .unknownPeer, .initJoinAck(leader: nil, cluster: ClusterID(high: 3, low: 4)),
            .clusterProbe(number: 8, claim: claim), .clusterAnswer(number: 9, claim: claim, yours: claim),
            .otherCluster(at: [node(2).address]), .joinRefused(.wrongSeed(address: node(1).address, answer: "no")),
            .joinRefused(.otherCluster(remembered: claim.id, found: claim.id)),
        ]
    }

    @Test("every cluster message comes back as it was")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<100 {
            for message in Self.messages(&generator) {
                let envelope = ClusterEnvelope(
                    from: Self.node(1), to: generator.below(2) == 0 ? nil : Self.node(2), message: message)
                var buffer = ByteBuffer()
                envelope.encode(into: &buffer)
                #expect(try ClusterEnvelope(from: &buffer) == envelope)
                #expect(buffer.readableBytes == 0)
            }
        }
    }

    @Test("a message that is cut short is refused, wherever the cut is")
    func truncated() {
        var generator = SeededGenerator(seed: 2)
        for message in Self.messages(&generator) {
            var whole = ByteBuffer()
            ClusterEnvelope(from: Self.node(1), to: Self.node(2), message: message).encode(into: &whole)
            for length in 0..<whole.readableBytes {
                guard var part = whole.getSlice(at: 0, length: length) else { continue }
                #expect(throws: WireError.self) { try ClusterEnvelope(from: &part) }
            }
        }
    }

    @Test("arbitrary bytes from a non-member are read or refused, and never trap")
    func hostile() {
        var generator = SeededGenerator(seed: 3)
        var refused = 0
        for round in 0..<20_000 {
            var buffer = ByteBuffer()
            if round % 2 == 0 {
                for _ in 0..<generator.below(80) { buffer.writeInteger(UInt8(truncatingIfNeeded: generator.next())) }
            } else {
                ClusterEnvelope(from: Self.node(1), to: nil, message: .gossipEnvelope(Self.gossip(&generator))).encode(
                    into: &buffer)
                for _ in 0...generator.below(4) {
                    buffer.setInteger(
                        UInt8(truncatingIfNeeded: generator.next()), at: generator.below(buffer.readableBytes))
                }
            }
            do {
                _ = try ClusterEnvelope(from: &buffer)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 10_000)
    }

    @Test("a gossip grows by a few dozen bytes a member")
    func size() {
        func bytes(_ count: Int) -> Int {
            let nodes = (1...count).map {
                UniqueAddress(address: NodeAddress(host: "10.0.0.\($0)", port: 25_520), incarnation: .max)
            }
            var buffer = ByteBuffer()
            Gossip(
                members: nodes.map { Member(node: $0, status: .up, upNumber: 1) }, reachability: [], tombstones: [],
                version: VectorClock(nodes.map { VectorClock.Entry(node: $0, count: 3) }), seen: nodes
            ).encode(into: &buffer)
            return buffer.readableBytes
        }
        #expect(bytes(200) - bytes(100) <= 100 * 34)
    }
}

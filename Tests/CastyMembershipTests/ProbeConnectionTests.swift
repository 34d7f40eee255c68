import CastyCore
import Testing

@testable import CastyMembership

@Suite("Probe connections to silent peers")
struct ProbeConnectionTests {
    private static let here = node(1)
    private static let there = node(2)

    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 1), incarnation: UInt64(number))
    }

    /// A node and one peer on a network in which the peer answers heartbeats, probe connections, both or nothing.
    private struct Pair {
        var membership: Membership
        var now = Instant.start
        var answersHeartbeats = true
        var answersProbeConnections = true
        private(set) var probeConnections: [Instant] = []
        private(set) var reconnects: [Instant] = []
        private var timers: [TimerKey: Instant] = [:]

        init() {
            var settings = MembershipSettings.responsive
            settings.strategy = .manual
            membership = Membership(myself: here, settings: settings, generator: SeededGenerator(seed: 1))
            take(membership.onStart(seeds: [], mayFound: true, at: now))
            take(membership.onMessage(.join(roles: [], settings: membership.sharedSettings), from: there, at: now))
        }

        /// What was not answered at the time is not answered later.
        mutating func run(_ time: Duration) {
            let end = now + time
            while let (key, due) = timers.min(by: { $0.value < $1.value }), due <= end {
                now = max(now, due)
                timers[key] = nil
                take(membership.onTimer(key, at: now))
            }
            now = end
        }

        var isMarked: Bool { membership.detection.monitors.contains { $0.stage == .marked } }

        private mutating func take(_ effects: [MembershipEffect]) {
            for effect in effects {
                switch effect {
                case .schedule(let key, let due): timers[key] = due
                case .cancel(let key): timers[key] = nil
                case .repost(let key): take(membership.onTimer(key, at: now))
                case .send(.heartbeat(let sequence, let sentAt), _) where answersHeartbeats:
                    take(
                        membership.onMessage(
                            .heartbeatAck(sequence: sequence, sentAt: sentAt, voters: 0), from: there, at: now))
                case .probeConnection(.probeConnection(let sequence, let sentAt), _):
                    probeConnections.append(now)
                    guard answersProbeConnections else { continue }
                    take(
                        membership.onMessage(
                            .heartbeatAck(sequence: sequence, sentAt: sentAt, voters: 0), from: there, at: now))
                case .reconnect: reconnects.append(now)
                case .send, .contact, .probeConnection, .answer, .acquireLease, .releaseLease, .withdrawLease, .publish,
                    .welcomed,
                    .runExitTasks, .stop, .remember, .note:
                    break
                }
            }
        }
    }

    @Test("a peer that answers its heartbeats is never probed on a connection of its own")
    func quiet() {
        var pair = Pair()
        pair.run(.seconds(600))
        #expect(pair.probeConnections.isEmpty)
    }

    @Test("a silent peer is probed from half of the time to its suspicion on, and less and less often")
    func pace() throws {
        var pair = Pair()
        pair.run(.seconds(60))
        (pair.answersHeartbeats, pair.answersProbeConnections) = (false, false)
        let start = pair.now
        pair.run(.seconds(120))
        #expect(pair.isMarked)
        let first = try #require(pair.probeConnections.first)
        #expect(first - start >= .milliseconds(400) && first - start <= .milliseconds(800))
        #expect(pair.probeConnections.count { $0 - start < .milliseconds(1500) } >= 4)
        #expect(pair.probeConnections.count <= 45)
        let gaps = zip(pair.probeConnections.dropFirst(), pair.probeConnections).map { $0 - $1 }
        #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(gaps.last == .milliseconds(6400))
    }

    @Test(
        "a peer that answers probe connections only is neither marked nor a lesson in rhythm, and heartbeats find it again"
    )
    func answered() throws {
        var pair = Pair()
        pair.run(.seconds(60))
        let before = try #require(pair.membership.detection.monitors.first).detector.intervals
        pair.answersHeartbeats = false
        for _ in 0..<100 {
            pair.run(.milliseconds(100))
            #expect(!pair.isMarked)
        }
        #expect(pair.membership.detection.monitors.first?.detector.intervals == before)
        let probeConnections = pair.probeConnections.count
        #expect((8...20).contains(probeConnections))
        pair.answersHeartbeats = true
        pair.run(.seconds(60))
        // One was due in the very round that was answered again.
        #expect(pair.probeConnections.count <= probeConnections + 1 && pair.reconnects.isEmpty)
    }

    @Test("a marked peer that answers a probe connection is reachable again")
    func refuted() {
        var pair = Pair()
        (pair.answersHeartbeats, pair.answersProbeConnections) = (false, false)
        pair.run(.seconds(2))
        #expect(pair.isMarked)
        pair.answersProbeConnections = true
        pair.run(.seconds(1))
        #expect(!pair.isMarked && pair.membership.gossip.unreachable.isEmpty)
    }

    @Test("a connection on which nothing is answered for the unstable limit is given up, once in that time")
    func reconnect() {
        var pair = Pair()
        pair.run(.seconds(10))
        pair.answersHeartbeats = false
        pair.run(.seconds(15))
        #expect(pair.reconnects.isEmpty)
        pair.run(.seconds(10))
        #expect(pair.reconnects.count == 1)
        pair.run(.seconds(12))
        #expect(pair.reconnects.count == 2)
    }

    @Test("a probe connection is answered where it came from; one who was declared down hears that instead")
    func answer() {
        var pair = Pair()
        let probeConnection = ClusterMessage.probeConnection(sequence: 7, sentAt: pair.now)
        #expect(
            pair.membership.onMessage(probeConnection, from: Self.there, at: pair.now)
                == [
                    .answer(
                        .heartbeatAck(sequence: 7, sentAt: pair.now, voters: pair.membership.lease.voters.last ?? 0),
                        to: Self.there)
                ])
        let unknownPeer = UniqueAddress(address: Self.there.address, incarnation: ~Self.there.incarnation)
        #expect(
            pair.membership.onMessage(probeConnection, from: unknownPeer, at: pair.now)
                == [.answer(.unknown(sequence: 7, sentAt: pair.now), to: unknownPeer)])
        _ = pair.membership.onDown(Self.there.address, at: pair.now)
        let effects = pair.membership.onMessage(probeConnection, from: Self.there, at: pair.now)
        #expect(effects == [.answer(.gossipEnvelope(pair.membership.gossip), to: Self.there)])
    }
}

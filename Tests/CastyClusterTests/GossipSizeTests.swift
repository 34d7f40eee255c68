import CastyCore
import CastyMembership
import CastySerialization
import Glibc
import Testing

@testable import CastyCluster

/// What travels when processes crash and come back all day long: 100,000 restarts a day, one in 0.864 seconds, where a removed one is
/// remembered for a day and host names are as long as they may be.
@Suite("The size of a cluster's state", .timeLimit(.minutes(10))) struct GossipSizeTests {
    private static let pace = Duration.milliseconds(864)
    /// Enough for all bounds to be reached. By hand, a whole day: CASTY_RESTARTS=100000 swift test --filter GossipSizeTests
    private static var restarts: Int { getenv("CASTY_RESTARTS").flatMap { Int(String(cString: $0)) } ?? 300 }

    private static func address(_ name: String) -> NodeAddress {
        NodeAddress(host: "\(name)." + String(repeating: "x", count: 250 - name.utf8.count), port: 25_520)
    }

    private static func founder(_ mutations: MembershipMutations = []) -> Membership {
        // Its leader acts at once, without a timer of its own.
        var settings = MembershipSettings.responsive
        settings.tombstones = .seconds(86_400)
        settings.mutations = mutations
        var core = Membership(
            myself: UniqueAddress(address: address("founder"), incarnation: 1), settings: settings,
            generator: SeededGenerator(seed: 1))
        _ = core.onStart(seeds: [], mayFound: true, at: .start)
        return core
    }

    /// Returns the most bytes that a state had.
    private static func most(_ count: Int, of core: inout Membership, at place: (Int) -> NodeAddress) -> Int {
        var (most, now) = (0, Instant.start)
        for number in 1...count {
            // A founder whose heartbeats are overdue does nothing as the leader. The first call finds that it is late, the second one catches up.
            for _ in 1...2 { _ = core.onTimer(.heartbeat, at: now + (pace - .milliseconds(10))) }
            now = now + pace
            let newcomer = UniqueAddress(address: place(number), incarnation: UInt64(number) &* 0x9E37_79B9 | 1)
            let message = ClusterMessage.join(roles: [], settings: core.sharedSettings)
            let effects = core.onMessage(message, from: newcomer, at: now)
            #expect(effects.contains { if case .send(.welcome, _) = $0 { true } else { false } })
            if number.isMultiple(of: 20) || number == count { most = max(most, core.gossip.encodedSize) }
            #expect(core.gossip.members.count <= 3)
            // Where no other process takes its place somebody declares it dead.
            if place(number) != place(number + 1) {
                _ = core.onDown(newcomer.address, at: now)
                _ = core.onPeerIncarnationGone(newcomer, at: now)
            }
        }
        return most
    }

    @Test("restarts at one address, and at ever new ones, stay far below a frame")
    func bounded() {
        var core = Self.founder()
        #expect(Self.most(Self.restarts, of: &core) { _ in Self.address("n3") } < WireLimits.frame / 8)
        #expect(core.gossip.highestUpNumber == UInt32(Self.restarts + 1))
        var other = Self.founder()
        #expect(Self.most(Self.restarts, of: &other) { Self.address("m\($0)") } < WireLimits.frame)
    }

    @Test(
        "without bounds a state grows by each of them: a day's would fill a hundred frames",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func unbounded() {
        var core = Self.founder([.remembersAll])
        #expect(Self.most(300, of: &core) { _ in Self.address("n3") } > 299 * 250)
    }
}

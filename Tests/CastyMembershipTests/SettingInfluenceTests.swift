import CastyCore
import Testing

@testable import CastyMembership

/// One setting, two values of it, and a figure that is smaller with the first value than with the second.
struct Influence: Sendable, CustomTestStringConvertible {
    let setting: String
    let smaller: @Sendable (inout MembershipSettings) -> Void
    let greater: @Sendable (inout MembershipSettings) -> Void
    let figure: @Sendable (MembershipSettings) -> Double

    init(
        _ setting: String, _ smaller: @escaping @Sendable (inout MembershipSettings) -> Void,
        _ greater: @escaping @Sendable (inout MembershipSettings) -> Void,
        figure: @escaping @Sendable (MembershipSettings) -> Double
    ) {
        self.setting = setting
        self.smaller = smaller
        self.greater = greater
        self.figure = figure
    }

    var testDescription: String { setting }
}

@Suite("What each setting does") struct SettingInfluenceTests {
    /// Three nodes that have formed a cluster.
    static func cluster(_ settings: MembershipSettings, _ count: Int = 3, seed: UInt64 = 1) -> TestCluster {
        let cluster = TestCluster(count, settings: settings, seed: seed)
        cluster.run(.seconds(8))
        return cluster
    }

    /// How long after the crash of n2 something about it is reported on n1; a minute where it is not.
    static func afterCrash(_ event: String) -> @Sendable (MembershipSettings) -> Double {
        { settings in
            let cluster = cluster(settings)
            let victim = cluster[2].core.myself
            cluster.kill(2)
            let time = cluster.run(within: .seconds(60)) { !cluster.events(event, on: 1, about: victim).isEmpty }
            return time?.inSeconds ?? 60
        }
    }

    /// How many messages of a kind three quiet nodes send in ten seconds.
    static func quiet(_ message: String) -> @Sendable (MembershipSettings) -> Double {
        { settings in
            let cluster = cluster(settings)
            cluster.sent = [:]
            cluster.run(.seconds(10))
            return Double(cluster.sent[message] ?? 0)
        }
    }

    /// How long some nodes take to agree that they are up.
    static func forming(_ settings: MembershipSettings) -> Double {
        let cluster = TestCluster(3, settings: settings)
        return cluster.run(within: .seconds(60)) { cluster.agree(on: [1, 2, 3]) }?.inSeconds ?? 60
    }

    /// How many of three members are up soon, the third of the role `data`.
    static func ups(_ settings: MembershipSettings) -> Double {
        let cluster = TestCluster(2, settings: settings)
        cluster.start(3, roles: ["data"])
        cluster.run(.seconds(4))
        return Double(cluster[1].core.gossip.members.count { $0.status == .up })
    }

    /// How long both sides of a split hold their leases for certain.
    static func split(_ settings: MembershipSettings) -> TestCluster {
        let cluster = cluster(settings, 5)
        cluster.cut([1, 2], [3, 4, 5])
        return cluster
    }

    static let influences: [Influence] = [
        Influence("heartbeat", { $0.heartbeat = .milliseconds(500) }, { _ in }, figure: quiet("heartbeat")),
        Influence(
            "sigmaFloor", { _ in }, { $0.sigmaFloor = .milliseconds(200) }, figure: afterCrash("member-unreachable")),
        Influence("pause", { _ in }, { $0.pause = .seconds(3) }, figure: afterCrash("member-unreachable")),
        Influence("threshold", { $0.threshold = 2 }, { _ in }, figure: afterCrash("member-unreachable")),
        Influence("suspicion", { $0.suspicion = 1 }, { $0.suspicion = 8 }, figure: afterCrash("suspected")),
        Influence("samples", { $0.samples = 5 }, { _ in }) { settings in
            let cluster = cluster(settings)
            return Double(cluster[1].core.monitoredPeers(at: cluster.now).map(\.samples).max() ?? 0)
        },
        Influence("monitors", { $0.monitors = 2 }, { _ in }) {
            Double(cluster($0, 5)[1].core.detection.monitors.count)
        },
        Influence("witnesses", { $0.witnesses = 0 }, { _ in }) { settings in
            let cluster = cluster(settings)
            cluster.kill(2)
            cluster.run(.seconds(3))
            return Double(cluster.sent["probe"] ?? 0)
        },
        Influence("lateTolerance", { _ in }, { $0.lateTolerance = .seconds(60) }) { settings in
            let cluster = cluster(settings)
            cluster.freeze(2)
            cluster.run(.milliseconds(2500))
            cluster.thaw(2)
            cluster.run(.seconds(1))
            return Double(cluster.events("suspected", on: 2).count)
        },
        Influence("gossip", { $0.gossip = .seconds(1) }, { _ in }, figure: quiet("status")),
        Influence("gossipAtOnce", { _ in }, { $0.gossipAtOnce = false }, figure: forming),
        Influence("gossipFanout", { $0.gossipFanout = 1 }, { _ in }) { settings in
            let cluster = cluster(settings, 6)
            cluster.sent = [:]
            cluster.command(1) { $0.onDown(TestCluster.address(6), at: $1) }
            cluster.run(.microseconds(500))
            return Double(cluster.sent["envelope"] ?? 0)
        },
        Influence("gossipPreferUnseen", { $0.gossipPreferUnseen = 1 }, { $0.gossipPreferUnseen = 0 }) { settings in
            var slow = settings
            slow.gossipAtOnce = false
            return (1...6 as ClosedRange<UInt64>).reduce(0) { sum, seed in
                let cluster = cluster(slow, 6, seed: seed)
                cluster.command(1) { $0.onDown(TestCluster.address(6), at: $1) }
                let time = cluster.run(within: .seconds(60)) { cluster.agree(on: [1, 2, 3, 4, 5]) }
                return sum + (time?.inSeconds ?? 60)
            }
        },
        Influence(
            "leaderActions", { $0.gossipAtOnce = false },
            {
                $0.gossipAtOnce = false
                $0.leaderActions = .seconds(3)
            }, figure: forming),
        Influence("tombstones", { $0.tombstones = .seconds(5) }, { _ in }) { settings in
            let cluster = cluster(settings)
            cluster.kill(2)
            cluster.run(.seconds(20))
            return Double(cluster[1].core.gossip.tombstones.count)
        },
        // How many of ever new nodes that join and are declared dead are remembered.
        Influence("tombstoneBytes", { $0.tombstoneBytes = 400 }, { _ in }) { settings in
            var core = Membership(
                myself: DowningTests.node(1), settings: settings, generator: SeededGenerator(seed: 1))
            _ = core.onStart(seeds: [], mayFound: true, at: .start)
            for number in 2...60 {
                let (node, now) = (DowningTests.node(number), Instant.start + .seconds(number * 5))
                for _ in 1...2 { _ = core.onTimer(.heartbeat, at: now + .milliseconds(-10)) }
                _ = core.onMessage(.join(roles: [], settings: core.sharedSettings), from: node, at: now)
                _ = core.onDown(node.address, at: now)
                _ = core.onPeerIncarnationGone(node, at: now)
            }
            return Double(core.gossip.tombstones.count)
        },
        Influence("joinRetry", { _ in }, { $0.joinRetry = .seconds(5) }) { settings in
            let cluster = TestCluster(0, settings: settings)
            cluster.start(2)
            cluster.run(.seconds(1))
            cluster.start(1, mayFound: true)
            return cluster.run(within: .seconds(60)) { cluster[2].wasWelcomed }?.inSeconds ?? 60
        },
        Influence("endsSecondClusters", { _ in }, { $0.endsSecondClusters = false }) { settings in
            let cluster = TestCluster(0, settings: settings)
            for number in 1...2 { cluster.start(number, mayFound: true) }
            cluster.run(.seconds(40))
            return Double(cluster.alive.count)
        },
        Influence("seedProbe", { _ in }, { $0.seedProbe = .seconds(9) }) { settings in
            // A member that looks for seeds that are none tells a seed of its cluster; the five oldest, which look more often, cannot reach it.
            let cluster = TestCluster(0, settings: settings)
            cluster.seeds = (1...2).map { TestCluster.address($0) }
            cluster.start(1, mayFound: true)
            for number in 2...8 {
                cluster.start(number)
                cluster.run(.seconds(1))
            }
            cluster.run(.seconds(3))
            cluster.kill(1)
            cluster.kill(2)
            cluster.cut([3, 4, 5, 6, 7], [1])
            cluster.run(.seconds(30))
            cluster.start(1)
            return cluster.run(within: .seconds(120)) { cluster[1].wasWelcomed }?.inSeconds ?? 120
        },
        Influence("weaklyUpAfter", { $0.weaklyUpAfter = .seconds(1) }, { _ in }) { settings in
            var manual = settings
            manual.strategy = .manual
            let cluster = cluster(manual)
            cluster.kill(3)
            cluster.run(.seconds(2))
            cluster.start(4)
            let time = cluster.run(within: .seconds(60)) { !cluster.events("member-weakly-up", on: 1).isEmpty }
            return time?.inSeconds ?? 60
        },
        Influence("minMembers", { $0.minMembers = 4 }, { _ in }, figure: ups),
        Influence(
            "minMembersOfRole", { $0.minMembersOfRole = [.init(role: "data", count: 2)] },
            {
                $0.minMembersOfRole = [.init(role: "data", count: 1)]
            }, figure: ups),
        Influence("exitTimeout", { _ in }, { $0.exitTimeout = .seconds(8) }) { settings in
            let cluster = cluster(settings, 2)
            cluster.command(2) { $0.onLeave(at: $1) }
            cluster.run(within: .seconds(5)) { cluster[2].core.departure.areTasksAsked }
            cluster.cut([1], [2])
            return cluster.run(within: .seconds(60)) { !cluster[2].isRunning }?.inSeconds ?? 60
        },
        Influence("strategy", { _ in }, { $0.strategy = .manual }, figure: afterCrash("member-down")),
        Influence(
            "leaseDelay", { $0.strategy = .leaseMajority() },
            {
                $0.strategy = .leaseMajority()
                $0.leaseDelay = .seconds(5)
            }
        ) { settings in
            let cluster = split(settings)
            return cluster.run(within: .seconds(60)) { cluster.claims.contains { $0.number < 3 } }?.inSeconds ?? 60
        },
        Influence(
            "leaseTimeout", { $0.strategy = .leaseMajority() },
            {
                $0.strategy = .leaseMajority()
                $0.leaseTimeout = .seconds(7)
            }
        ) { settings in
            let cluster = split(settings)
            cluster.leaseLatency = nil
            return cluster.run(within: .seconds(60)) { !cluster[3].isRunning }?.inSeconds ?? 60
        },
        Influence(
            "leaseHold", { $0.strategy = .leaseMajority() },
            {
                $0.strategy = .leaseMajority()
                $0.leaseHold = .seconds(50)
            }
        ) { settings in
            let cluster = split(settings)
            cluster.run(within: .seconds(60)) { cluster.lease.holder != nil }
            return (cluster.lease.holder?.until).map { ($0 - cluster.now).inSeconds } ?? 0
        },
        Influence("stableAfter", { _ in }, { $0.stableAfter = .fixed(.seconds(6)) }, figure: afterCrash("member-down")),
        Influence("unstableLimit", { $0.unstableLimit = .seconds(1) }, { _ in }, figure: afterCrash("member-down")),
        // n5 is cut off, and n4 comes and goes without end: with it no node is left.
        Influence("downAllWhenUnstable", { $0.downAllWhenUnstable = true }, { _ in }) { settings in
            let cluster = cluster(settings, 5)
            for _ in 0..<12 {
                cluster.cut([1, 2, 3], [4, 5])
                cluster.run(.milliseconds(1800))
                cluster.heal()
                cluster.cut([1, 2, 3, 4], [5])
                cluster.run(.milliseconds(700))
            }
            return Double(cluster.alive.count)
        },
        // What shards wait for; the coordinator of the shards is reported the number.
        Influence("removalMargin", { _ in }, { $0.removalMargin = .fixed(.seconds(9)) }) {
            $0.removalMargin(members: 3).inSeconds
        },
        Influence("lease", { $0.lease = .seconds(1) }, { _ in }) { settings in
            let cluster = split(settings)
            return cluster.run(within: .seconds(60)) { !cluster[1].core.leaseHeld(at: cluster.now) }?.inSeconds ?? 60
        },
    ]

    @Test("with another value of it a cluster behaves otherwise", arguments: influences)
    func influence(influence: Influence) {
        var (smaller, greater) = (MembershipSettings.responsive, MembershipSettings.responsive)
        influence.smaller(&smaller)
        influence.greater(&greater)
        let (low, high) = (influence.figure(smaller), influence.figure(greater))
        #expect(low < high, "\(influence.setting)")
    }

    @Test(
        "no setting is without such a test",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func all() {
        // Bugs to switch on are no settings; they have tests of their own.
        let settings = Mirror(reflecting: MembershipSettings.responsive).children.compactMap(\.label).filter {
            $0 != "mutations"
        }
        #expect(settings.sorted() == Self.influences.map(\.setting).sorted())
    }
}

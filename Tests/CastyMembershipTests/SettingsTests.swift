import CastyCore
import Testing

@testable import CastyMembership

@Suite("Settings") struct SettingsTests {
    /// How long after a crash n1 sees something happen to n2.
    static func time(of event: String, members: Int = 3, _ edit: (inout MembershipSettings) -> Void) -> Double? {
        var settings = MembershipSettings.responsive
        edit(&settings)
        let cluster = TestCluster(members, settings: settings)
        cluster.run(.seconds(8))
        let victim = cluster[2].core.myself
        cluster.kill(2)
        return cluster.run(within: .seconds(60)) { !cluster.events(event, on: 1, about: victim).isEmpty }?.inSeconds
    }

    static let unreachable = time(of: "member-unreachable") { _ in } ?? 0

    @Test("each setting of the detector moves the moment of detection")
    func detector() throws {
        func time(_ edit: (inout MembershipSettings) -> Void) throws -> Double {
            let time = Self.time(of: "member-unreachable", edit)
            return try #require(time)
        }
        #expect(try time { $0.pause = .seconds(3) } > Self.unreachable + 1.9)
        #expect(try time { $0.threshold = 2 } < Self.unreachable - 0.1)
        #expect(try time { $0.sigmaFloor = .milliseconds(200) } > Self.unreachable + 0.5)
    }

    @Test("heartbeats come at their interval, and the detector learns it")
    func heartbeat() throws {
        var settings = MembershipSettings.responsive
        settings.heartbeat = .milliseconds(500)
        let cluster = TestCluster(2, settings: settings)
        cluster.run(.seconds(5))
        cluster.sent = [:]
        cluster.run(.seconds(60))
        #expect(cluster.sent["heartbeat"] == 240)
        let peer = try #require(cluster[1].core.monitoredPeers(at: cluster.now).first)
        #expect(peer.mean == .milliseconds(500))
        #expect(peer.deadline > cluster.now)
    }

    @Test("each setting of the resolver moves the moment of the decision")
    func resolver() throws {
        func time(_ edit: (inout MembershipSettings) -> Void) throws -> Double {
            let time = Self.time(of: "member-down", edit)
            return try #require(time)
        }
        let usual = try time { _ in }
        #expect(abs(try time { $0.stableAfter = .fixed(.seconds(6)) } - usual - 3) < 0.3)
        #expect(abs(try time { $0.unstableLimit = .seconds(1) } - usual + 2) < 0.3)
        #expect(Self.time(of: "member-down") { $0.strategy = .manual } == nil)
    }

    @Test("the lower threshold says when a peer is suspected")
    func suspicion() throws {
        let early = try #require(Self.time(of: "suspected") { $0.suspicion = 1 })
        let late = try #require(Self.time(of: "suspected") { $0.suspicion = 8 })
        #expect(early < late - 0.1)
    }

    @Test("without gossip at once news travels with the ticks")
    func atOnce() throws {
        func forming(_ edit: (inout MembershipSettings) -> Void) throws -> Double {
            var settings = MembershipSettings.responsive
            edit(&settings)
            let cluster = TestCluster(3, settings: settings)
            return try #require(cluster.run(within: .seconds(60)) { cluster.agree(on: [1, 2, 3]) }).inSeconds
        }
        let atOnce = try forming { _ in }
        let ticked = try forming { $0.gossipAtOnce = false }
        let slow = try forming {
            $0.gossipAtOnce = false
            $0.gossip = .seconds(2)
        }
        #expect(atOnce < ticked)
        #expect(ticked < slow)
    }

    @Test("a cluster under the preset lan forms, and drops a crashed node within half a minute")
    func lan() {
        let cluster = TestCluster(5, settings: .lan)
        #expect(cluster.run(within: .seconds(30)) { cluster.agree(on: [1, 2, 3, 4, 5]) } != nil)
        cluster.kill(1)
        #expect(cluster.run(within: .seconds(30)) { cluster.agree(on: [2, 3, 4, 5]) } != nil)
    }

    @Test("tombstones are forgotten after their time, everywhere")
    func tombstones() {
        var settings = MembershipSettings.responsive
        settings.tombstones = .seconds(20)
        let cluster = TestCluster(3, settings: settings)
        cluster.run(.seconds(3))
        cluster.kill(2)
        cluster.run(.seconds(10))
        #expect(cluster[3].core.gossip.tombstones.count == 1)
        cluster.run(.seconds(20))
        #expect(cluster[1].core.gossip.tombstones.isEmpty && cluster[3].core.gossip.tombstones.isEmpty)
        #expect(cluster.agree(on: [1, 3]))
    }

    @Test("in a big cluster each node monitors its next ones on the ring, and a crash is noticed all the same")
    func ring() {
        var settings = MembershipSettings.responsive
        settings.monitors = 3
        let cluster = TestCluster(9, settings: settings)
        cluster.run(.seconds(10))
        #expect(cluster.agree(on: Array(1...9)))
        for number in 1...9 { #expect(cluster[number].core.detection.monitors.count == 3) }
        cluster.kill(5)
        #expect(cluster.run(within: .seconds(8)) { cluster.agree(on: [1, 2, 3, 4, 6, 7, 8, 9]) } != nil)
        for number in [1, 2, 3, 4, 6, 7, 8, 9] { #expect(cluster[number].core.leaseHeld(at: cluster.now)) }
    }

    @Test(
        "all presets keep the lease below the removal margin, with room for drifting clocks",
        arguments: [1, 5, 20, 1000])
    func lease(members: Int) {
        for settings in [MembershipSettings.responsive, .lan, .wan] {
            #expect(settings.lease * 1.02 <= settings.removalMargin(members: members))
            #expect(settings.problems.isEmpty)
        }
        var settings = MembershipSettings.responsive
        settings.removalMargin = .fixed(.seconds(2))
        #expect(settings.problems.count == 1)
    }

    @Test("the presets are safe under every strategy, in clusters of every size")
    func presets() {
        let strategies: [DowningStrategy] = [
            .keepMajority(), .keepOldest(), .staticQuorum(size: 2), .leaseMajority(), .downAll, .manual,
        ]
        for preset in [MembershipSettings.responsive, .lan, .wan] {
            for strategy in strategies {
                var settings = preset
                settings.strategy = strategy
                #expect(settings.problems.isEmpty, "\(strategy): \(settings.problems)")
                for members in [1, 3, 5, 10, 20, 50, 100] {
                    #expect(settings.removalMargin(members: members) >= settings.removalMargin(members: 1))
                }
            }
        }
    }

    @Test("settings by which a healthy peer would be marked are called so")
    func impatient() {
        var settings = MembershipSettings.responsive
        settings.pause = settings.heartbeat - .milliseconds(1)
        #expect(settings.problems.count == 1)
        #expect(settings.problems.first?.contains("must not be shorter than the heartbeat") == true)
        settings = .responsive
        settings.suspicion = settings.threshold + 1
        #expect(settings.problems.count == 1)
    }
}

import CastyCore
import Testing

@testable import CastyMembership

/// Tells from a node's views alone, one after the other, which events it owes, and compares them with those it has published.
struct EventAudit {
    private var views: [UInt64: Gossip] = [:]
    private var read: [UInt64: Int] = [:]
    private(set) var broken: [String] = []

    /// Call after every single step.
    mutating func look(_ cluster: TestCluster) {
        for node in cluster.nodes {
            let from = read[node.incarnation] ?? 0
            let news = node.events[from...]
            read[node.incarnation] = node.events.count
            let before = views[node.incarnation] ?? Gossip()
            let after = node.core.gossip
            views[node.incarnation] = after
            if before == after, news.isEmpty { continue }
            let me = node.core.myself
            var subjects: [UniqueAddress] = []
            for subject in (before.members + after.members).map(\.node) where !subjects.contains(subject) {
                subjects.append(subject)
            }
            let isGoing = after.member(me).map { $0.status == .down } ?? true
            for subject in subjects {
                let reported = news.filter { $0.subject == subject }
                check(reported, before, after, subject, node, isGoing: isGoing)
            }
        }
    }

    private mutating func check(
        _ reported: [MembershipEvent], _ before: Gossip, _ after: Gossip, _ subject: UniqueAddress,
        _ node: TestCluster.Node, isGoing: Bool
    ) {
        let names = reported.map(\.name)
        func count(_ name: String) -> Int { names.count { $0 == name } }
        func expect(_ name: String, _ wanted: Bool) {
            guard count(name) != (wanted ? 1 : 0) else { return }
            broken.append("n\(node.number) at \(reported.first?.at ?? .start): \(count(name)) × \(name) of \(subject)")
        }
        let (old, new) = (before.member(subject)?.status, after.member(subject)?.status)
        for (name, status) in [
            ("member-joining", MemberStatus.joining), ("member-weakly-up", .weaklyUp), ("member-up", .up),
            ("member-leaving", .leaving), ("member-exiting", .exiting), ("member-down", .down),
        ] {
            // The status that it has now is reported once if it is new; one that it had or passed by, at most once.
            if new == status { expect(name, old != new) }
            if new == nil || count(name) > 0 {
                if count(name) > 1 || old == status { expect(name, false) }
            }
        }
        expect("member-removed", old != nil && new == nil)
        if subject != node.core.myself, !isGoing, new != nil {
            let (was, isNow) = (before.unreachable.contains(subject), after.unreachable.contains(subject))
            expect("member-unreachable", !was && isNow)
            expect("member-reachable", was && !isNow)
        }
        if isGoing {
            expect("member-reachable", false)
            expect("leader-changed", false)
        }
    }
}

@Suite("Events") struct EventTests {
    static func names(_ cluster: TestCluster, on number: Int, about subject: UniqueAddress) -> [String] {
        cluster[number].events.filter { $0.subject == subject }.map(\.name)
    }

    @Test("an observer of a member from its joining to its leaving gets an event for each step once, in order")
    func gracefulLife() {
        let cluster = TestCluster(2)
        cluster.run(.seconds(3))
        cluster.start(3)
        cluster.run(.seconds(3))
        let third = cluster[3].core.myself
        cluster.command(3) { $0.onLeave(at: $1) }
        cluster.run(.seconds(5))
        let statuses = ["member-joining", "member-up", "member-leaving", "member-exiting", "member-removed"]
        for number in [1, 2] { #expect(Self.names(cluster, on: number, about: third) == statuses, "n\(number)") }
        #expect(cluster.events("member-removed", on: 1).map(\.kind) == [.memberRemoved(lastStatus: .exiting)])
    }

    @Test("a crash is suspected by each observer, and unreachable, down and removed once for each; decided once by one")
    func crash() {
        let cluster = TestCluster(4)
        cluster.run(.seconds(4))
        let victim = cluster[4].core.myself
        for number in 1...3 { cluster[number].events = [] }
        cluster.kill(4)
        cluster.run(.seconds(12))
        let death = ["suspected", "member-unreachable", "member-down", "member-removed"]
        for number in 1...3 {
            let heard = Self.names(cluster, on: number, about: victim)
            #expect(heard.filter { $0 != "suspected" } == Array(death.dropFirst()), "n\(number)")
            #expect(heard.count { $0 == "suspected" } <= 1)
            #expect(cluster.events("leader-changed", on: number).isEmpty)
            #expect(cluster.events("downing-decision", on: number).count == (number == 1 ? 1 : 0))
        }
        #expect((1...3).contains { !cluster.events("suspected", on: $0).isEmpty })
    }

    @Test("a silence that ends in time is unreachable once and reachable once for every observer")
    func silence() {
        let cluster = TestCluster(3)
        cluster.run(.seconds(4))
        let third = cluster[3].core.myself
        cluster.cut([1, 2], [3])
        cluster.run(.seconds(3))
        cluster.heal()
        cluster.run(.seconds(5))
        for number in [1, 2] {
            let heard = Self.names(cluster, on: number, about: third).filter { $0 != "suspected" }
            #expect(heard.suffix(2) == ["member-unreachable", "member-reachable"], "n\(number)")
            #expect(heard.count { $0 == "member-unreachable" } == 1)
        }
    }

    @Test("weakly up is published once, and up once when the cluster agrees again")
    func weaklyUp() {
        var settings = MembershipSettings.responsive
        settings.strategy = .manual
        settings.weaklyUpAfter = .seconds(1)
        let cluster = TestCluster(3, settings: settings)
        cluster.run(.seconds(4))
        cluster.kill(3)
        cluster.run(.seconds(3))
        cluster.start(4)
        cluster.run(.seconds(4))
        cluster.command(1) { $0.onDown(TestCluster.address(3), at: $1) }
        cluster.run(.seconds(4))
        let steps = ["member-joining", "member-weakly-up", "member-up"]
        for number in [1, 2] { #expect(Self.names(cluster, on: number, about: cluster[4].core.myself) == steps) }
    }

    @Test("another leader is published once on each node, and convergence once for each version")
    func leader() {
        let cluster = TestCluster(3)
        cluster.run(.seconds(4))
        for number in 1...3 { cluster[number].events = [] }
        let next = cluster[2].core.myself
        cluster.kill(1)
        cluster.run(.seconds(12))
        for number in [2, 3] {
            #expect(cluster.events("leader-changed", on: number).map(\.subject) == [next], "n\(number)")
            let versions = cluster.events("converged", on: number).map(\.kind)
            for version in versions { #expect(versions.count { $0 == version } == 1) }
            #expect(versions.last == .converged(version: cluster[number].core.gossip.number))
        }
    }

    @Test("a side that downs itself publishes its end, but no return of the others and no new leader")
    func minority() {
        let cluster = TestCluster(5)
        cluster.run(.seconds(6))
        cluster.cut([1, 2], [3, 4, 5])
        cluster.run(within: .seconds(12)) { !cluster[1].isRunning && !cluster[2].isRunning }
        for number in [1, 2] {
            #expect(cluster[number].stopReason == .downed)
            #expect(cluster.events("member-down", on: number).count == 2)
            #expect(cluster.events("member-reachable", on: number).isEmpty)
            let leaders = cluster.events("leader-changed", on: number).compactMap(\.subject)
            #expect(leaders.allSatisfy { $0 == cluster[1].core.myself })
            #expect(cluster[number].events.last.map { $0.name == "member-down" } == true)
        }
    }

    @Test(
        "under random faults each change of a view is published exactly once",
        arguments: 1...20 as ClosedRange<UInt64>)
    func audit(seed: UInt64) {
        var walk = FaultWalk(seed: seed)
        var audit = EventAudit()
        walk.cluster.afterStep = { audit.look($0) }
        walk.walk()
        #expect(audit.broken.isEmpty, "seed \(seed): \(audit.broken.prefix(3)) \(walk.story)")
    }

    @Test("the number of a version never runs backwards, through removals and forgotten tombstones")
    func number() {
        var settings = MembershipSettings.responsive
        settings.tombstones = .seconds(8)
        let cluster = TestCluster(4, settings: settings)
        var last: [UInt64: UInt64] = [:]
        cluster.afterStep = { cluster in
            for node in cluster.nodes where node.core.phase == .member {
                let number = node.core.gossip.number
                #expect(number >= last[node.incarnation] ?? 0, "n\(node.number) at \(cluster.now)")
                last[node.incarnation] = number
            }
        }
        cluster.run(.seconds(4))
        for victim in [4, 3] {
            cluster.kill(victim)
            cluster.run(.seconds(7))
            cluster.start(victim)
            cluster.run(.seconds(3))
        }
        cluster.command(2) { $0.onLeave(at: $1) }
        cluster.run(.seconds(20))
        #expect(cluster[1].core.gossip.tombstones.isEmpty && cluster[1].core.gossip.forgotten > 0)
        #expect(cluster.agree(on: [1, 3, 4]))
        #expect(cluster[1].core.gossip.number == cluster[3].core.gossip.number)
    }
}

import CastyCore
import Testing

@testable import CastyMembership

@Suite("lease-majority") struct LeaseMajorityTests {
    static func cluster(
        _ count: Int, seed: UInt64 = 1, _ edit: (inout MembershipSettings) -> Void = { _ in }
    ) -> TestCluster {
        var settings = MembershipSettings.responsive
        settings.strategy = .leaseMajority()
        edit(&settings)
        let cluster = TestCluster(count, settings: settings, seed: seed)
        cluster.run(.seconds(5))
        return cluster
    }

    @Test("in every split of up to six nodes exactly one side stays, whichever asks first")
    func onePerLease() {
        for count in 2...6 {
            let members = DowningTests.members(count)
            for sides in DowningTests.partitions(count) where sides.count > 1 {
                for first in sides.indices {
                    var lease = LeaseRecord()
                    let order = [sides[first]] + sides.enumerated().filter { $0.offset != first }.map(\.element)
                    let left = order.filter { side in
                        let others = members.map(\.node).filter { node in
                            !side.contains { DowningTests.node($0) == node }
                        }
                        let me = DowningTests.node(side[0])
                        let view = DowningView(myself: me, members: members, unreachable: others)
                        let decision = DowningStrategy.leaseMajority().decide(view)
                        let isMajority = side.count * 2 > count || (side.count * 2 == count && side.contains(1))
                        #expect(decision.kind == .claimLease(isLate: !isMajority), "\(sides)")
                        #expect(decision.down == others)
                        let claim = LeaseClaim(
                            owner: "\(me)", losers: others.map(\.description), duration: .seconds(9),
                            memory: .seconds(99))
                        let isGranted = lease.claim(claim, at: .start)
                        let settled = DowningStrategy.leaseMajority().decide(view, holdsLease: isGranted)
                        return !settled.down.contains(me)
                    }
                    #expect(left == [sides[first]])
                }
            }
        }
    }

    @Test("a side without a vote does not ask, and one with all votes need not")
    func votes() {
        var members = DowningTests.members(3)
        members.append(Member(node: DowningTests.node(4), status: .joining))
        let strategy = DowningStrategy.leaseMajority()
        let alone = DowningView(
            myself: DowningTests.node(4), members: members, unreachable: (1...3).map(DowningTests.node))
        #expect(strategy.decide(alone).kind == .downReachable)
        let rest = DowningView(
            myself: DowningTests.node(1), members: members, unreachable: [DowningTests.node(4)])
        #expect(strategy.decide(rest).kind == .downUnreachable)
        #expect(strategy.decide(rest).down == [DowningTests.node(4)])
    }

    @Test("the greater side gets the lease, and gives it back once the others are removed")
    func greaterSide() {
        let cluster = Self.cluster(5)
        let start = cluster.now
        cluster.cut([1, 2], [3, 4, 5])
        cluster.run(.seconds(12))
        #expect(cluster.agree(on: [3, 4, 5]))
        #expect(cluster[1].stopReason == .downed && cluster[2].stopReason == .downed)
        #expect(cluster.claims.map(\.number) == [3, 1])
        #expect(cluster.claims.map(\.isGranted) == [true, false])
        if cluster.claims.count == 2 {
            let delay = cluster.claims[1].at - cluster.claims[0].at
            #expect(delay > cluster.settings.leaseDelay - .milliseconds(300), "\(delay)")
            #expect(cluster.claims[0].at - start < .seconds(5))
        }
        #expect(cluster.lease.holder == nil)
        #expect(cluster.lease.losers.map(\.name).sorted() == [1, 2].map { "\(cluster[$0].core.myself)" })
    }

    @Test("the smaller side stays where the greater one does not decide, and entities never run on both")
    func smallerSide() {
        let cluster = Self.cluster(5) {
            $0.unstableLimit = .seconds(40)
            $0.leaseHold = .seconds(60)
        }
        cluster.cut([1, 2], [3, 4, 5])
        // Of the greater side n3 is lost and found again and again: its picture is never still for long enough.
        var removed: Instant?
        for step in 0..<60 {
            if step % 8 == 0 { cluster.cut([3], [4, 5]) }
            if step % 8 == 5 { cluster.cuts.subtract([[3, 4], [4, 3], [3, 5], [5, 3]]) }
            cluster.run(.milliseconds(400))
            removed = removed ?? cluster.events("member-removed", on: 1).first?.at
            if let removed, cluster.now >= removed + cluster.settings.removalMargin(members: 5) {
                for number in 3...5 where cluster[number].isRunning {
                    #expect(!cluster[number].core.leaseHeld(at: cluster.now), "n\(number) at \(cluster.now)")
                }
            }
        }
        #expect(cluster.claims.first { $0.isGranted }?.number == 1)
        #expect(removed != nil)
        cluster.heal()
        cluster.run(.seconds(5))
        #expect(SplitOracleTests.Split.groups(cluster).count == 1)
    }

    @Test("while the lease decides, the nodes of either side run no entities for longer than their own lease")
    func fenced() {
        let cluster = Self.cluster(5) { $0.leaseDelay = .seconds(1) }
        let start = cluster.now
        #expect(cluster.settings.entityLease == cluster.settings.lease + .seconds(1))
        cluster.cut([1, 2], [3, 4, 5])
        cluster.run(until: start + cluster.settings.entityLease + .milliseconds(50))
        for number in 1...5 { #expect(!cluster[number].core.leaseHeld(at: cluster.now), "n\(number)") }
        #expect(cluster.claims.isEmpty)
        cluster.run(.seconds(2))
        for number in 3...5 { #expect(cluster[number].core.leaseHeld(at: cluster.now), "n\(number)") }
    }

    @Test("with the usual delay a crash is decided before entities have to stop")
    func crashWithoutPause() {
        let cluster = Self.cluster(3)
        cluster.kill(2)
        let end = cluster.now + .seconds(8)
        while cluster.now < end {
            cluster.run(.milliseconds(50))
            #expect(cluster[1].core.leaseHeld(at: cluster.now) && cluster[3].core.leaseHeld(at: cluster.now))
        }
        #expect(cluster.agree(on: [1, 3]))
    }

    @Test("an error, and no answer in time, count as a no: the side goes down", arguments: [true, false])
    func noLease(fails: Bool) {
        let cluster = Self.cluster(3)
        if fails { cluster.leaseFails = true } else { cluster.leaseLatency = nil }
        cluster.kill(3)
        #expect(cluster.run(within: .seconds(9)) { cluster.alive.isEmpty } != nil)
        #expect(cluster[1].stopReason == .downed)
        #expect(cluster.lease.holder == nil && cluster.lease.losers.isEmpty)
    }

    @Test("an answer that comes too late is undone")
    func lateAnswer() {
        let cluster = Self.cluster(3)
        cluster.leaseLatency = .seconds(10)
        cluster.kill(3)
        cluster.run(.seconds(20))
        #expect(cluster.alive.isEmpty)
        #expect(cluster.lease == LeaseRecord())
        let late = cluster[1].core.onLeaseAnswer(1, isGranted: true, at: cluster.now)
        #expect(late == [.withdrawLease(owner: "\(cluster[1].core.myself)")])
    }

    @Test("a split that heals while the lease is asked downs no member, and leaves no side a loser")
    func healsWhileAsked() {
        let cluster = Self.cluster(3) { $0.leaseTimeout = .seconds(6) }
        cluster.leaseLatency = .seconds(3)
        cluster.cut([1, 2], [3])
        cluster.run(within: .seconds(6)) { !cluster.claims.isEmpty }
        cluster.run(.milliseconds(500))
        cluster.heal()
        cluster.run(.seconds(9))
        #expect(cluster.agree(on: [1, 2, 3]))
        #expect(cluster.claims.count == 1)
        #expect(cluster.lease == LeaseRecord())
    }

    @Test("one that hung while its cluster went on cannot get the lease when it wakes, cut off as it is")
    func wakesAlone() {
        let cluster = Self.cluster(3)
        cluster.cut([1, 2], [3])
        cluster.freeze(3)
        cluster.run(.seconds(10))
        #expect(cluster.agree(on: [1, 2]))
        cluster.thaw(3)
        cluster.run(.seconds(20))
        #expect(cluster[3].stopReason == .downed)
        #expect(cluster.claims.last.map { $0.number == 3 && !$0.isGranted } == true)
        #expect(cluster.agree(on: [1, 2]))
    }

    @Test("a second crash soon after the first is survived, whichever node held the lease")
    func secondCrash() {
        let cluster = Self.cluster(5)
        cluster.kill(5)
        #expect(cluster.run(within: .seconds(8)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        cluster.kill(1)
        #expect(cluster.run(within: .seconds(8)) { cluster.agree(on: [2, 3, 4]) } != nil)
        cluster.kill(2)
        cluster.kill(3)
        #expect(cluster.run(within: .seconds(12)) { cluster.agree(on: [4]) } != nil)
    }

    @Test("a holder whose decision has not got round keeps the lease by renewing it")
    func renewal() {
        let cluster = Self.cluster(3) { $0.leaseHold = .seconds(16) }
        // n2 hangs just before n1 has declared n3 down, so that no node can be removed.
        cluster.cut([1, 2], [3])
        cluster.run(within: .seconds(6)) { !cluster.claims.isEmpty }
        cluster.cut([1], [2])
        cluster.run(.seconds(4))
        let holder = cluster.lease.holder
        #expect(holder?.owner == "\(cluster[1].core.myself)")
        cluster.run(.seconds(30))
        #expect(SplitOracleTests.Split.groups(cluster).count == 1)
    }
}

@Suite("What a lease writes down") struct LeaseRecordTests {
    /// A lease of ten seconds that remembers losers for a hundred.
    final class Lease {
        var record = LeaseRecord()

        func claim(_ owner: String, _ losers: [String] = [], at seconds: Int = 0) -> Bool {
            let claim = LeaseClaim(owner: owner, losers: losers, duration: .seconds(10), memory: .seconds(100))
            return record.claim(claim, at: .start + .seconds(seconds))
        }
    }

    @Test("one holder at a time; it may renew; the lease runs out")
    func holder() {
        let lease = Lease()
        #expect(lease.claim("a"))
        #expect(!lease.claim("b", at: 9))
        #expect(lease.claim("a", at: 9))
        #expect(!lease.claim("b", at: 18))
        #expect(lease.claim("b", at: 19))
        lease.record.release("a")
        #expect(lease.record.holder?.owner == "b")
        lease.record.release("b")
        #expect(lease.record.holder == nil)
    }

    @Test("losers are refused after the lease is free again, until they are forgotten")
    func losers() {
        let lease = Lease()
        #expect(lease.claim("a", ["c", "b", "a"]))
        lease.record.release("a")
        #expect(!lease.claim("b", ["a"], at: 50))
        #expect(lease.claim("d", at: 50))
        lease.record.release("d")
        #expect(lease.claim("b", ["a"], at: 100))
        #expect(lease.record.losers.map(\.name) == ["a"])
    }

    @Test("a withdrawn request has not happened; no other node can withdraw it")
    func withdraw() {
        let lease = Lease()
        #expect(lease.claim("a", ["b"]))
        lease.record.withdraw("b")
        #expect(lease.record.losers.count == 1)
        lease.record.withdraw("a")
        #expect(lease.record == LeaseRecord())
        #expect(lease.claim("b"))
    }

    @Test("a withdrawal takes back the last claim only, not what was made use of before")
    func withdrawLater() {
        let lease = Lease()
        #expect(lease.claim("a", ["d", "e"]))
        lease.record.release("a")
        #expect(lease.claim("a", ["c", "d"], at: 20))
        lease.record.withdraw("a")
        #expect(lease.record.losers.map(\.name) == ["d", "e"])
        #expect(!lease.claim("d", ["a"], at: 21))
        #expect(lease.claim("c", at: 21))
        lease.record.release("c")
        // Held, asked for again, withdrawn: the first claim was made use of.
        #expect(lease.claim("a", ["b"], at: 22))
        #expect(lease.claim("a", ["c"], at: 23))
        lease.record.withdraw("a")
        #expect(lease.record.losers.map(\.name) == ["b", "d", "e"])
        // Another one's withdrawal does not bring them back either.
        #expect(lease.claim("c", ["b", "f"], at: 24))
        lease.record.withdraw("c")
        #expect(lease.record.losers.map(\.name) == ["b", "d", "e"])
        #expect(LeaseRecord(text: lease.record.text) == lease.record)
    }
}

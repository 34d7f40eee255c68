import CastyCore
import Testing

@testable import CastyPlacement

private let first = CoordinatorEpoch(upNumber: 1, start: 1)

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

private func version(_ sequence: UInt64, _ epoch: CoordinatorEpoch = first) -> ShardVersion {
    ShardVersion(epoch: epoch, sequence: sequence)
}

private func view(of own: Int, _ numbers: [Int]) -> PlacementView {
    PlacementView(own: node(own), members: numbers.map { PlacementMember(node: node($0), upNumber: $0) })
}

/// An active coordinator on node 1 with an empty region on each of these nodes.
private func coordinator(_ numbers: [Int], shards: Int = 6) -> ShardCoordinator {
    var settings = PlacementSettings()
    settings.shardCount = shards
    var coordinator = ShardCoordinator(own: node(1), settings: settings)
    _ = coordinator.onView(view(of: 1, numbers), at: at(0))
    for number in numbers { _ = coordinator.onRequest(empty, from: node(number), at: at(0)) }
    return coordinator
}

private let empty = CoordinatorRequest.register(Registration(number: 1, shardCount: 6, accepts: true))

@Suite("Coordinator")
struct CoordinatorTests {
    @Test("More nodes than shards are reported once they have settled, and again when there are twice as many")
    func tooFewShards() {
        func reports(_ effects: [CoordinatorEffect]) -> [Int] {
            effects.compactMap { if case .note(.tooFewShards(let nodes)) = $0 { nodes } else { nil } }
        }
        var coordinator = coordinator([1, 2, 3, 4, 5, 6])
        #expect(reports(coordinator.onWakeup(at: at(4000))) == [])
        func join(_ numbers: ClosedRange<Int>, at now: Int) -> [Int] {
            var effects = coordinator.onView(view(of: 1, Array(1...numbers.upperBound)), at: at(now))
            for number in numbers { effects += coordinator.onRequest(empty, from: node(number), at: at(now)) }
            return reports(effects + coordinator.onWakeup(at: at(now + 2500)))
        }
        #expect(join(7...8, at: 5000) == [8])
        #expect(join(9...15, at: 10_000) == [])
        #expect(join(16...16, at: 15_000) == [16])
        // With enough shards again, the next time is news.
        let few = reports(coordinator.onView(view(of: 1, Array(1...6)), at: at(20_000)))
        #expect(few + reports(coordinator.onWakeup(at: at(22_500))) == [])
        #expect(join(7...7, at: 25_000) == [7])
    }

    @Test("What an operator drained is forgotten with its incarnation, also where a region still reports it")
    func drainsEnd() {
        var coordinator = coordinator([1, 2, 3])
        for number in [2, 3] {
            _ = coordinator.onRequest(.command(id: 1, .drain(node(number).address)), from: node(1), at: at(1))
        }
        #expect(coordinator.intents.drains == [node(2), node(3)])
        let old = coordinator.intents
        let after = PlacementView(
            own: node(1), members: [1, 3].map { PlacementMember(node: node($0), upNumber: $0) }, removed: [node(2)])
        let effects = coordinator.onView(after, at: at(2))
        #expect(coordinator.intents.drains == [node(3)])
        #expect(coordinator.intents.version > old.version)
        #expect(effects.contains(.send(to: node(3), first, .intents(coordinator.intents))))
        var report = Registration(number: 2, shardCount: 6, accepts: true)
        report.intents = old
        report.intents.version = version(99)
        _ = coordinator.onRequest(.register(report), from: node(3), at: at(3))
        #expect(coordinator.intents.drains == [node(3)])
    }

    @Test("The oldest member starts, calls on all, and is active when the last has registered")
    func recovery() {
        var settings = PlacementSettings()
        settings.shardCount = 6
        var coordinator = ShardCoordinator(own: node(1), settings: settings)
        #expect(
            coordinator.onView(view(of: 1, [1, 2]), at: at(0)) == [
                .note(.started(first)), .send(to: node(1), first, .announce), .send(to: node(2), first, .announce),
            ])
        #expect(
            coordinator.onRequest(empty, from: node(1), at: at(1)) == [
                .note(.registered(node(1), shards: 0)),
                .send(to: node(1), first, .registered(number: 1, intents: Intents())),
            ])
        #expect(coordinator.onRequest(.homes(of: [4]), from: node(1), at: at(2)) == [])
        let hosted = HostedShard(shard: 4, version: version(9, .init(upNumber: 0, start: 3)))
        let report = Registration(number: 1, shardCount: 6, accepts: true, hosted: [hosted])
        let home = ShardHome(shard: 4, node: node(2), version: hosted.version)
        #expect(
            coordinator.onRequest(.register(report), from: node(2), at: at(3)) == [
                .note(.registered(node(2), shards: 1)),
                .send(to: node(2), first, .registered(number: 1, intents: Intents())),
                .note(.recovered(first, homes: 1)), .send(to: node(1), first, .homes([home], allOf: 0..<6)),
                .send(to: node(2), first, .homes([home], allOf: 0..<6)),
            ])
    }

    @Test("Only the oldest member acts")
    func inactive() {
        var coordinator = ShardCoordinator(own: node(2), settings: PlacementSettings())
        #expect(coordinator.onView(view(of: 2, [1, 2]), at: at(0)) == [])
        #expect(coordinator.onRequest(empty, from: node(1), at: at(1)) == [])
        #expect(coordinator.wakeAt == nil)
    }

    @Test(
        "A member that does not register is waited for however long it takes, and looked for; one that has no region, or another number of shards, is not"
    )
    func silence() {
        var settings = PlacementSettings()
        settings.shardCount = 6
        var coordinator = ShardCoordinator(own: node(1), settings: settings)
        _ = coordinator.onView(view(of: 1, [1, 2, 3]), at: at(0))
        _ = coordinator.onRequest(empty, from: node(1), at: at(1))
        _ = coordinator.onRequest(.notHosted, from: node(2), at: at(1))
        #expect(coordinator.status(at: at(2)).awaited == [node(3)])
        #expect(!coordinator.onWakeup(at: at(4999)).contains(.probe(node(3))))
        #expect(coordinator.onWakeup(at: at(5000)).contains(.probe(node(3))))
        #expect(coordinator.wakeAt == at(5249))
        #expect(coordinator.onWakeup(at: at(10_000)).contains(.probe(node(3))))
        _ = coordinator.onWakeup(at: at(60_000))
        #expect(coordinator.status(at: at(60_000)).phase == .recovering)
        #expect(coordinator.status(at: at(60_000)).awaited == [node(3)])
        var other = coordinator
        _ = coordinator.onRequest(.notHosted, from: node(3), at: at(60_001))
        #expect(coordinator.status(at: at(60_001)).phase == .active)
        let otherCount = Registration(number: 4, shardCount: 7, accepts: true)
        _ = other.onRequest(.register(otherCount), from: node(3), at: at(60_001))
        #expect(other.status(at: at(60_001)).phase == .active)
    }

    @Test("A shard is allocated when asked for, ordered again until it started, and then made known to all")
    func allocation() {
        var coordinator = coordinator([1, 2])
        let home = ShardHome(shard: 3, node: node(1), version: version(1))
        let order = CoordinatorOrder.host([HostOrder(shard: 3, version: version(1))])
        #expect(
            coordinator.onRequest(.homes(of: [3, 99]), from: node(2), at: at(10)) == [
                .note(.allocated(home, .asked)), .send(to: node(1), first, order),
            ])
        #expect(coordinator.wakeAt == at(260))
        #expect(coordinator.onWakeup(at: at(260)) == [.send(to: node(1), first, order)])
        let started = CoordinatorRequest.started([VersionedShard(shard: 3, version: version(1))])
        #expect(coordinator.onRequest(started, from: node(2), at: at(270)) == [])
        #expect(
            coordinator.onRequest(started, from: node(1), at: at(270)) == [
                .send(to: node(1), first, .homes([home], allOf: 0..<0)),
                .send(to: node(2), first, .homes([home], allOf: 0..<0)),
            ])
    }

    @Test("The shards of a crashed member start elsewhere the margin after its removal, not before")
    func margin() {
        var coordinator = coordinator([1, 2])
        _ = coordinator.onRequest(.homes(of: [0, 1]), from: node(1), at: at(10))
        #expect(
            coordinator.onView(view(of: 1, [1]), at: at(1000)) == [
                .note(.orphaned(shards: [1], of: node(2), until: at(4000)))
            ])
        #expect(coordinator.explain(1, at: at(1001))?.state == .held(until: at(4000)))
        #expect(!coordinator.onWakeup(at: at(3999)).contains { $0.isAllocation })
        let effects = coordinator.onWakeup(at: at(4000))
        #expect(
            effects.prefix(1) == [
                .note(.allocated(ShardHome(shard: 1, node: node(1), version: version(3)), .ownerRemoved))
            ])
    }

    @Test("A coordinator whose lease has lapsed grants nothing until it has one again")
    func lease() {
        var coordinator = coordinator([1, 2])
        _ = coordinator.onLease(validUntil: at(5), at: at(5))
        #expect(coordinator.onRequest(.homes(of: [3]), from: node(2), at: at(10)) == [])
        // It looks again, and says nothing until it has one: nothing else may happen here when the lease is back.
        #expect(coordinator.wakeAt == at(260))
        #expect(coordinator.onWakeup(at: at(260)) == [])
        #expect(coordinator.wakeAt == at(510))
        #expect(coordinator.onLease(validUntil: at(5000), at: at(510)).contains { $0.isAllocation })
    }

    @Test("A handoff closes all streams, stops the shard, and starts it at its target ahead of fresh messages")
    func handoff() {
        var coordinator = coordinator([1, 2])
        _ = coordinator.onRequest(.homes(of: [3]), from: node(2), at: at(10))
        let old = VersionedShard(shard: 3, version: version(1))
        _ = coordinator.onRequest(.started([old]), from: node(1), at: at(20))
        let begin = CoordinatorOrder.beginHandOff(shard: 3, handoff: version(2), owner: node(1))
        #expect(
            coordinator.onRequest(.command(id: 7, .move(shard: 3, to: node(2).address)), from: node(2), at: at(30)) == [
                .note(.handoffBegun(shard: 3, from: node(1), to: node(2), .command)),
                .send(to: node(1), first, begin), .send(to: node(2), first, begin),
                .send(to: node(2), first, .answer(id: 7, .accepted(moves: 1))),
            ])
        let closed = CoordinatorRequest.handOffBegun(shard: 3, handoff: version(2))
        #expect(coordinator.onRequest(closed, from: node(2), at: at(40)) == [])
        let handOff = CoordinatorOrder.handOff(
            shard: 3, version: version(1), handoff: version(2), participants: [node(1), node(2)])
        #expect(coordinator.onRequest(closed, from: node(1), at: at(50)) == [.send(to: node(1), first, handOff)])
        let next = ShardHome(shard: 3, node: node(2), version: version(3))
        #expect(
            coordinator.onRequest(.stopped(old, hasLeftover: true), from: node(1), at: at(60)) == [
                .note(.handoffEnded(shard: 3, from: node(1), .done)), .note(.allocated(next, .handoff)),
                .send(
                    to: node(2), first,
                    .host([HostOrder(shard: 3, version: version(3), holdFor: node(1))])),
            ])
        let started = CoordinatorRequest.started([VersionedShard(shard: 3, version: version(3))])
        #expect(
            coordinator.onRequest(started, from: node(2), at: at(70)).first
                == .note(.moved(shard: 3, from: node(1), to: node(2))))
    }

    @Test("A handoff whose owner does not answer ends: the shard stays where it is")
    func timeout() {
        var coordinator = coordinator([1, 2])
        _ = coordinator.onRequest(.homes(of: [3]), from: node(2), at: at(10))
        _ = coordinator.onRequest(.started([VersionedShard(shard: 3, version: version(1))]), from: node(1), at: at(20))
        _ = coordinator.onRequest(.command(id: 7, .move(shard: 3, to: node(2).address)), from: node(2), at: at(30))
        var now = at(30)
        var outcomes: [HandoffOutcome] = []
        while let wake = coordinator.wakeAt, wake < at(20_000) {
            now = max(now, wake)
            for case .note(.handoffEnded(3, _, let outcome)) in coordinator.onWakeup(at: now) {
                outcomes.append(outcome)
                #expect(now == at(30 + 2000 + 12_000))
            }
        }
        #expect(outcomes == [.timedOut])
        #expect(
            coordinator.explain(3, at: now)?.state == .running(ShardHome(shard: 3, node: node(1), version: version(1))))
    }

    @Test("Of two regions that claim a shard the later decision counts")
    func conflict() {
        var coordinator = ShardCoordinator(own: node(1), settings: coordinator([1]).settings)
        _ = coordinator.onView(view(of: 1, [1, 2]), at: at(0))
        func report(_ sequence: UInt64) -> CoordinatorRequest {
            let hosted = HostedShard(shard: 2, version: version(sequence, .none))
            return .register(Registration(number: 1, shardCount: 6, accepts: true, hosted: [hosted]))
        }
        _ = coordinator.onRequest(report(5), from: node(1), at: at(1))
        let effects = coordinator.onRequest(report(4), from: node(2), at: at(2))
        #expect(effects.contains(.note(.conflict(shard: 2, loser: node(2)))))
        #expect(
            effects.contains(
                .send(to: node(2), first, .discard(VersionedShard(shard: 2, version: version(4, .none))))))
    }

    @Test("What a region no longer reports it has stopped, but what it was ordered to start it may still start")
    func absent() {
        var coordinator = coordinator([1, 2])
        _ = coordinator.onRequest(.homes(of: [0, 1, 2]), from: node(1), at: at(10))
        _ = coordinator.onRequest(.started([VersionedShard(shard: 0, version: version(1))]), from: node(1), at: at(20))
        let effects = coordinator.onRequest(empty, from: node(1), at: at(30))
        let again = effects.compactMap { effect -> Int? in
            if case .note(.allocated(let home, .ownerStopped)) = effect { home.shard } else { nil }
        }
        #expect(again == [0])
    }

    @Test("Another shard count is refused")
    func mismatch() {
        var coordinator = coordinator([1, 2])
        let report = CoordinatorRequest.register(Registration(number: 4, shardCount: 7, accepts: true))
        #expect(
            coordinator.onRequest(report, from: node(2), at: at(10)) == [
                .send(to: node(2), first, .registrationRefused(number: 4, shardCount: 6))
            ])
    }

    @Test("Intents are said again until a region knows them, and the next coordinator takes the newest")
    func intents() {
        var coordinator = coordinator([1, 2])
        _ = coordinator.onRequest(.command(id: 1, .pin(shard: 5, to: node(2).address)), from: node(1), at: at(10))
        var intents = Intents()
        intents.version = version(1)
        intents.pins = [ShardPin(shard: 5, address: node(2).address)]
        _ = coordinator.onRequest(.intentsKnown(version(1)), from: node(1), at: at(20))
        #expect(coordinator.onWakeup(at: at(260)).contains(.send(to: node(2), first, .intents(intents))))
        #expect(!coordinator.onWakeup(at: at(600)).contains(.send(to: node(1), first, .intents(intents))))

        var next = ShardCoordinator(own: node(2), settings: coordinator.settings)
        _ = next.onView(view(of: 2, [2, 3]), at: at(700))
        for number in [2, 3] {
            let known = number == 3 ? intents : Intents()
            let report = Registration(number: 1, shardCount: 6, accepts: true, intents: known)
            _ = next.onRequest(.register(report), from: node(number), at: at(710))
        }
        #expect(next.status(at: at(720)).intents == intents)
    }

    @Test("Commands about what does not exist are refused with the reason")
    func refusals() {
        var coordinator = coordinator([1, 2])
        func answer(_ command: OperatorCommand) -> CommandAnswer? {
            for case .send(_, _, .answer(_, let answer)) in coordinator.onRequest(
                .command(id: 1, command), from: node(2), at: at(10))
            {
                return answer
            }
            return nil
        }
        #expect(answer(.move(shard: 6, to: node(2).address)) == .refused(.noSuchShard))
        #expect(answer(.move(shard: -1, to: node(2).address)) == .refused(.noSuchShard))
        #expect(answer(.pin(shard: 1, to: node(8).address)) == .refused(.noSuchNode))
        #expect(answer(.drain(node(8).address)) == .refused(.noSuchNode))
        #expect(answer(.drain(node(2).address)) == .accepted(moves: 0))
        #expect(answer(.move(shard: 1, to: node(2).address)) == .refused(.nodeTakesNoShards))
        #expect(answer(.move(shard: 1, to: node(1).address)) == .accepted(moves: 1))
        #expect(answer(.move(shard: 1, to: node(1).address)) == .refused(.shardIsMoving))
    }

    @Test("A round waits for a quiet cluster, is not planned while paused, and bounds handoffs in flight")
    func rebalance() {
        var coordinator = coordinator([1], shards: 6)
        _ = coordinator.onRequest(.homes(of: Array(0..<6)), from: node(1), at: at(10))
        let all = (0..<6).map { VersionedShard(shard: $0, version: version(UInt64($0 + 1))) }
        _ = coordinator.onRequest(.started(all), from: node(1), at: at(20))
        var sick = view(of: 1, [1, 2]).members
        sick[1].isReachable = false
        _ = coordinator.onView(PlacementView(own: node(1), members: sick), at: at(30))
        _ = coordinator.onRequest(empty, from: node(2), at: at(40))
        #expect(!coordinator.onWakeup(at: at(2000)).contains { $0.isBegin })
        _ = coordinator.onView(view(of: 1, [1, 2]), at: at(2100))
        #expect(coordinator.wakeAt == at(4000))
        let effects = coordinator.onWakeup(at: at(4000))
        #expect(effects.first == .note(.roundPlanned(moves: 3)))
        // A quarter of six shards: one at a time, to two regions.
        #expect(effects.count { $0.isBegin } == 2)
        #expect(coordinator.status(at: at(4000)).planned.count == 2)

        var paused = coordinator
        _ = paused.onRequest(.command(id: 1, .pause), from: node(1), at: at(4010))
        #expect(paused.status(at: at(4010)).planned == [])
    }
}

extension CoordinatorEffect {
    fileprivate var isAllocation: Bool { if case .note(.allocated) = self { true } else { false } }
    fileprivate var isBegin: Bool { if case .send(_, _, .beginHandOff) = self { true } else { false } }
}

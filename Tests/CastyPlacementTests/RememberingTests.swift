import CastyCore
import Testing

@testable import CastyPlacement

private let epoch = CoordinatorEpoch(upNumber: 1, start: 1)

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

private func version(_ sequence: UInt64) -> ShardVersion { ShardVersion(epoch: epoch, sequence: sequence) }

private func instance(_ number: UInt64, _ entity: String = "e-1") -> EntityInstance {
    EntityInstance(entity: entity, shard: 0, number: number)
}

/// The region of node 2 with shard 0 on it, whose entities are remembered; the store has not answered yet.
private func loading(_ change: (inout PlacementSettings) -> Void = { _ in }) -> Region<String> {
    var settings = PlacementSettings()
    settings.shardCount = 1
    settings.remembersEntities = true
    change(&settings)
    var region = Region<String>(own: node(2), settings: settings)
    let members = (1...3).map { PlacementMember(node: node($0), upNumber: $0) }
    _ = region.onView(PlacementView(own: node(2), members: members), at: at(0))
    _ = region.onMessage(.order(epoch, .registered(number: 1, intents: Intents())), from: node(1), at: at(1))
    let order = HostOrder(shard: 0, version: version(1))
    let effects = region.onMessage(.order(epoch, .host([order])), from: node(1), at: at(2))
    #expect(effects.contains(.store(.load(shard: 0, run: 1))))
    return region
}

private func loaded(
    _ names: [String] = [], _ change: (inout PlacementSettings) -> Void = { _ in }
) -> Region<String> {
    var region = loading(change)
    _ = region.onRemembered(names, shard: 0, run: 1, at: at(3))
    return region
}

private let add = StoreRequest.add(entity: "e-1", shard: 0, run: 1)
private let remove = StoreRequest.remove(entity: "e-1", shard: 0, run: 1)

@Suite("Remembered entities")
struct RememberingTests {
    @Test("An entity is in the store before it is handed its first message")
    func written() {
        var region = loaded()
        #expect(region.onRoute("a", to: "e-1", at: at(10)) == [.store(add)])
        #expect(region.onRoute("b", to: "e-1", at: at(11)) == [])
        #expect(
            region.onStored(add, at: at(12)) == [
                .start(instance(1)), .note(.entityStarted(instance(1))), .deliver("a", to: instance(1)),
                .deliver("b", to: instance(1)),
            ])
    }

    @Test("Remembered entities come back a few at a time, and one that is written to at once")
    func rate() {
        var region = loading {
            $0.recoveryBatch = 2
            $0.recoveryPause = .milliseconds(100)
        }
        let names = (1...5).map { "e-\($0)" }
        func started(_ effects: [RegionEffect<String>]) -> [String] {
            effects.compactMap { if case .start(let instance) = $0 { instance.entity } else { nil } }
        }
        #expect(started(region.onRemembered(names, shard: 0, run: 1, at: at(10))) == ["e-1", "e-2"])
        #expect(region.wakeAt == at(110))
        #expect(started(region.onRoute("a", to: "e-5", at: at(20))) == ["e-5"])
        #expect(region.status.hosted.first?.remembered == 5)
        #expect(region.status.hosted.first?.dormant == 2)
        #expect(started(region.onWakeup(at: at(110))) == ["e-3", "e-4"])
        #expect(region.status.hosted.first?.dormant == 0)
    }

    @Test("Entities of the first page start while the next is read, and messages wait for the last")
    func pages() {
        var region = loading()
        #expect(region.onRoute("a", to: "e-2", at: at(4)) == [])
        let first = region.onRemembered(["e-1"], shard: 0, run: 1, isLast: false, at: at(5))
        #expect(first == [.start(instance(1)), .note(.entityStarted(instance(1)))])
        #expect(region.status.hosted.first?.phase == .starting)
        // A load that was begun again after an error gives what is known once more.
        let last = region.onRemembered(["e-1", "e-2"], shard: 0, run: 1, at: at(30))
        #expect(last.first == .note(.remembered(shard: 0, count: 2)))
        #expect(last.contains(.deliver("a", to: instance(2, "e-2"))))
        #expect(last.filter { if case .start = $0 { true } else { false } } == [.start(instance(2, "e-2"))])
        #expect(region.status.hosted.first?.remembered == 2)
    }

    @Test("An entity that is needed again is recorded again, if it is not known whether its end was recorded")
    func unknownEnd() {
        var region = loaded(["e-1"])
        _ = region.onPassivate("e-1", at: at(10))
        _ = region.onTerminated(EntityEnd(instance(1)), at: at(20))
        #expect(region.onRoute("a", to: "e-1", at: at(30)) == [])
        #expect(region.onStoreFailed(remove, at: at(40)).first == .store(add))
        #expect(
            region.onStored(add, at: at(50)).filter { if case .note = $0 { false } else { true } }
                == [.start(instance(2)), .deliver("a", to: instance(2))])
    }

    @Test("An entity that was passivated is forgotten; one that stops by itself starts again")
    func forgotten() {
        var region = loaded(["e-1"]) { $0.restartJitter = 0 }
        _ = region.onTerminated(EntityEnd(instance(1)), at: at(20))
        #expect(region.onWakeup(at: at(220)).contains(.start(instance(2))))
        #expect(region.onPassivate("e-1", at: at(300)) == [.stop(instance(2), .afterMailbox)])
        #expect(
            region.onTerminated(EntityEnd(instance(2)), at: at(310)) == [
                .note(.entityPassivated(instance(2))), .store(remove),
            ])
        #expect(region.onStored(remove, at: at(320)) == [])
        #expect(region.entities(of: 0, limit: 9) == [])
    }

    @Test(
        "What the store refuses is asked again after longer and longer waits, then refused, and tried anew with the next message"
    )
    func refused() {
        var region = loaded([]) { $0.storeAttempts = 2 }
        _ = region.onRoute("a", to: "e-1", at: at(10))
        #expect(region.onStoreFailed(add, at: at(20)) == [.note(.storeFailed(add, retryAt: at(220)))])
        #expect(region.onWakeup(at: at(220)) == [.store(add)])
        #expect(region.onStoreFailed(add, at: at(230)) == [.note(.storeFailed(add, retryAt: at(630)))])
        #expect(region.onWakeup(at: at(630)) == [.store(add)])
        #expect(
            region.onStoreFailed(add, at: at(640)) == [
                .lost("a", entity: "e-1", shard: 0, .storeFailed), .note(.storeFailed(add, retryAt: at(1440))),
            ])
        #expect(region.status.buffered == 0)
        #expect(region.onRoute("b", to: "e-1", at: at(700)) == [.store(add)])
        #expect(region.onStored(add, at: at(710)).prefix(2) == [.note(.storeRecovered), .start(instance(1))])
    }

    @Test("A shard whose entities cannot be read starts none, and lets what waits for it go after a while")
    func unreadable() {
        var region = loading { $0.storeAttempts = 1 }
        let load = StoreRequest.load(shard: 0, run: 1)
        _ = region.onRoute("a", to: "e-1", at: at(10))
        #expect(region.onStoreFailed(load, at: at(20)) == [.note(.storeFailed(load, retryAt: at(220)))])
        #expect(region.status.buffered == 1)
        #expect(region.onWakeup(at: at(220)) == [.store(load)])
        #expect(region.onStoreFailed(load, at: at(230)).first == .lost("a", entity: "e-1", shard: 0, .storeFailed))
        #expect(region.status.hosted.first?.phase == .starting)
        #expect(region.status.buffered == 0)
        #expect(region.onWakeup(at: at(630)) == [.store(load)])
        let effects = region.onRemembered(["e-1"], shard: 0, run: 1, at: at(640))
        #expect(effects.contains(.note(.storeRecovered)) && effects.contains(.start(instance(1))))
    }

    @Test("A shard goes to its next home only when all it has written is in the store")
    func handoff() {
        var region = loaded()
        _ = region.onRoute("a", to: "e-1", at: at(10))
        let handOff = CoordinatorOrder.handOff(shard: 0, version: version(1), handoff: version(2), participants: [])
        #expect(region.onMessage(.order(epoch, handOff), from: node(1), at: at(20)) == [])
        let stopped = RegionEffect<String>.note(.shardStopped(shard: 0, version(1), forced: false))
        #expect(region.onStored(add, at: at(30)).first == stopped)
        #expect(region.onStored(add, at: at(40)) == [])
    }

    @Test(
        "A slow write holds its shard for longer than entities may take to end, but not for ever",
        arguments: [8000, 23_000])
    func slowWrite(answered: Int) {
        var region = loaded()
        _ = region.onRoute("a", to: "e-1", at: at(10))
        let handOff = CoordinatorOrder.handOff(shard: 0, version: version(1), handoff: version(2), participants: [])
        _ = region.onMessage(.order(epoch, handOff), from: node(1), at: at(20))
        func stopped(forced: Bool) -> RegionEffect<String> {
            .note(.shardStopped(shard: 0, version(1), forced: forced))
        }
        for time in stride(from: 5020, through: answered - 1, by: 250) where time < 22_000 {
            #expect(!region.onWakeup(at: at(time)).contains(stopped(forced: true)), "after \(time) ms")
        }
        if answered < 22_000 {
            #expect(region.onStored(add, at: at(answered)).contains(stopped(forced: false)))
        } else {
            #expect(region.onWakeup(at: at(22_030)).contains(stopped(forced: true)))
            #expect(region.onStored(add, at: at(answered)) == [])
        }
    }

    @Test("What waits for an entity that fails whenever it starts is given up after a few tries")
    func poisoned() {
        var region = loaded(["e-1"]) {
            $0.restartJitter = 0
            $0.startAttempts = 2
        }
        _ = region.onRoute("a", to: "e-1", at: at(10))
        _ = region.onTerminated(EntityEnd(instance(1), failed: true, unhandled: ["a"]), at: at(20))
        #expect(region.onWakeup(at: at(220)).contains(.deliver("a", to: instance(2))))
        #expect(
            region.onTerminated(EntityEnd(instance(2), failed: true, unhandled: ["a"]), at: at(230)) == [
                .note(.entityFailed(instance(2), failures: 2, restartAt: at(630))),
                .lost("a", entity: "e-1", shard: 0, .entityFailed),
            ])
        #expect(region.onWakeup(at: at(630)).contains(.start(instance(3))))
    }

    @Test("Entities that fail together come back one by one, each a fifth later at most")
    func jitter() {
        var region = loaded((1...20).map { "e-\($0)" }) { $0.recoveryBatch = 20 }
        var moments: Set<Instant> = []
        for number in 1...20 {
            let end = EntityEnd<String>(instance(UInt64(number), "e-\(number)"), failed: true)
            for case .note(.entityFailed(_, _, let restartAt)) in region.onTerminated(end, at: at(10)) {
                moments.insert(restartAt)
            }
        }
        #expect(moments.count == 20)
        #expect(moments.allSatisfy { $0 >= at(210) && $0 <= at(250) })
    }
}

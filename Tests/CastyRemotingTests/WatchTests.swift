import CastyCore
import CastyObservability
import CastySimulator
import Testing

@testable import CastyActors
@testable import CastyRemoting

/// Watches across nodes.
@Suite(.timeLimit(.minutes(10)))
struct WatchTests {
    @Test("Whatever resets there are, each watcher hears of each end exactly once", arguments: Array(UInt64(1)...40))
    func exactlyOnce(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        var generator = world.world.stream("walk")
        let ends = Record<String>()
        var living: [ActorRef<Int>] = []
        var expected = 0
        for step in 0..<120 {
            if generator.unit() < 0.5 || living.isEmpty {
                let actor = try b.system.spawn(
                    Behavior<Int>.receive { _, number in number == 0 ? .stopped : .same }, name: "x\(step)")
                living.append(actor)
                for number in 0..<generator.below(3) {
                    _ = try a.system.spawn(
                        Stories.watcher(of: a.reference(to: actor), ends), name: "w\(step)-\(number)")
                    expected += 1
                }
            } else {
                living.remove(at: generator.below(living.count)).tell(0)
            }
            if generator.unit() < 0.1 { world.world.network.resetConnections(between: "127.0.0.1", and: "127.0.0.2") }
            world.run(for: .milliseconds(generator.below(20)))
        }
        for actor in living { actor.tell(0) }
        #expect(world.run { ends.count >= expected }, "seed \(seed)")
        world.run(for: .seconds(2))
        #expect(ends.count == expected, "seed \(seed)")
        #expect(a.waitingSignals(for: b.address) == 0 && b.waitingSignals(for: a.address) == 0)
        world.world.dispose()
    }

    @Test("Who took its watch back hears nothing")
    func unwatch() throws {
        let world = SimulatedTestWorld(seed: 1)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let ends = Record<String>()
        let watched = try b.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "watched")
        let remote = a.reference(to: watched)
        let watcher = try a.system.spawn(
            Behavior<Int>.setup { context in
                context.watch(remote)
                return .receive(
                    { context, _ in
                        context.unwatch(remote)
                        return .same
                    },
                    onSignal: { _, _ in
                        ends.add("reported")
                        return .same
                    })
            }, name: "watcher")
        world.run(for: .milliseconds(100))
        watcher.tell(1)
        world.run(for: .milliseconds(100))
        watched.tell(1)
        world.run(for: .seconds(1))
        #expect(ends.count == 0)
        world.world.dispose()
    }

    @Test("When a node is removed its watchers get Terminated once, its asks fail, and what waited is lost")
    func nodeRemoved() throws {
        let world = SimulatedTestWorld(seed: 1)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let (ends, asked) = (Record<String>(), Record<String>())
        let watched = a.reference(to: try b.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "watched"))
        let silent = a.reference(to: try b.system.spawn(Behavior<Question>.receive { _, _ in .same }, name: "silent"))
        _ = try a.system.spawn(Stories.watcher(of: watched, ends), name: "watcher")
        a.system.ask(silent, within: .seconds(100), { Question(number: 1, replyTo: $0) }) { result in
            if case .failure(let error) = result { asked.add(error.code.rawValue) }
        }
        world.run(for: .seconds(1))
        b.kill()
        world.run(for: .seconds(1))
        for number in 1...10 { watched.tell(number) }
        a.remoting.nodeRemoved(b.system.unique)
        world.run(for: .milliseconds(10))
        #expect(ends.all == ["watched node removed"])
        #expect(asked.all == ["node removed"])
        #expect(a.lost(.wrongIncarnation) == 10)
        watched.tell(11)
        #expect(a.lost(.unreachable) == 1)
        // A watch that begins afterwards is answered at once.
        _ = try a.system.spawn(Stories.watcher(of: watched, ends), name: "late")
        world.run(for: .milliseconds(10))
        #expect(ends.count == 2)
        #expect(a.remoting.snapshots.map(\.state) == [.closed] && a.remoting.snapshots.map(\.queuedBytes) == [0])
        // Another incarnation at the place can be talked to as soon as it has introduced itself.
        let second = try world.startNow(2)
        let got = Record<Int>()
        let receiver = try second.system.spawn(Stories.collector(got), name: "r")
        second.remoting.keep(a.address)
        #expect(world.run { a.remoting.isConnected(second.address) })
        a.reference(to: receiver).tell(1)
        #expect(world.run { got.all == [1] })
        world.world.dispose()
    }

    @Test("The end of a former incarnation does not end the watch of an actor of the next", arguments: [true, false])
    func nextIncarnation(isRemoved: Bool) throws {
        let world = SimulatedTestWorld(seed: 1)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let ends = Record<String>()
        let former = a.reference(to: try b.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "former"))
        _ = try a.system.spawn(Stories.watcher(of: former, ends), name: "watcher")
        world.run(for: .seconds(1))
        b.kill()
        let second = try world.startNow(2)
        let actor = try second.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "next")
        let links = world.links(1, 2)
        for link in links { link.cut() }
        a.remoting.expect(second.system.unique)
        _ = try a.system.spawn(Stories.watcher(of: a.reference(to: actor), ends), name: "early")
        if isRemoved { a.remoting.nodeRemoved(b.system.unique) }
        _ = try a.system.spawn(Stories.watcher(of: a.reference(to: actor), ends), name: "late")
        world.run(for: .seconds(1))
        #expect(ends.all == (isRemoved ? ["former node removed"] : []))
        for link in links { link.heal() }
        world.run(for: .seconds(10))
        #expect(ends.all == ["former node removed"])
        second.system.stop(actor)
        world.run(for: .seconds(1))
        #expect(ends.all == ["former node removed", "next stopped", "next stopped"])
        world.world.dispose()
    }

    @Test(
        "When a node is removed that never connected here, its watchers get Terminated, though another incarnation lived there before"
    )
    func neverConnected() throws {
        let world = SimulatedTestWorld(seed: 1)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let got = Record<Int>()
        a.reference(to: try b.system.spawn(Stories.collector(got), name: "r")).tell(1)
        #expect(world.run { got.count == 1 })
        b.kill()
        a.remoting.nodeRemoved(b.system.unique)
        let second = try world.startNow(2)
        let actor = try second.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "actor")
        for link in world.links(1, 2) { link.cut() }
        a.remoting.expect(second.system.unique)
        let ends = Record<String>()
        _ = try a.system.spawn(Stories.watcher(of: a.reference(to: actor), ends), name: "watcher")
        world.run(for: .seconds(1))
        #expect(ends.count == 0)
        a.remoting.nodeRemoved(second.system.unique)
        world.run(for: .seconds(1))
        #expect(ends.all == ["actor node removed"])
        world.world.dispose()
    }

    @Test("A watcher whose node is gone is not kept by the actor that it watched")
    func goneWatchers() throws {
        let world = SimulatedTestWorld(seed: 1)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        a.remoting.expect(b.system.unique)
        let watched = try a.system.spawn(Behavior<Int>.receive { _, _ in .same }, name: "watched")
        let watchers = { (watched.target as? ActorCell<Int>)?.coldState?.watchers.count }
        let remote = b.reference(to: watched)
        let ends = Record<String>()
        for number in 0..<50 { _ = try b.system.spawn(Stories.watcher(of: remote, ends), name: "w\(number)") }
        world.run(for: .seconds(1))
        #expect(a.held(for: b.address) == 50 && watchers() == 50)
        b.kill()
        a.remoting.nodeRemoved(b.system.unique)
        world.run(for: .seconds(1))
        #expect(a.held(for: b.address) == 0 && watchers() == 0)
        world.world.dispose()
    }

    @Test("What is watched at a place that is no member's and does not answer any more ends, and the place is let go")
    func silentUnknown() throws {
        let world = SimulatedTestWorld(seed: 1)
        var settings = RemotingSettings()
        settings.reconnectAttempts = 5
        let (a, b) = (try world.startNow(1, settings), try world.startNow(2))
        let (ends, got) = (Record<String>(), Record<Int>())
        let watched = a.reference(to: try b.system.spawn(Stories.collector(got), name: "watched"))
        watched.tell(1)
        #expect(world.run { got.count == 1 })
        b.kill()
        _ = try a.system.spawn(Stories.watcher(of: watched, ends), name: "watcher")
        world.run(for: .seconds(1))
        #expect(ends.count == 0)
        world.run(for: .seconds(100))
        #expect(ends.all == ["watched node removed"])
        #expect(a.remoting.snapshots.isEmpty)
        #expect(world.world.runToQuiescence(limit: 1000) == .quiescent)
        world.world.dispose()
    }

    @Test("Signals go on after one of two nodes has forgotten the other", arguments: Array(UInt64(1)...10))
    func oneSidedForgetting(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let ends = Record<String>()
        for round in 0..<5 {
            let before = ends.count
            let watched = try b.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "x\(round)")
            let other = try a.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "x\(round)")
            _ = try a.system.spawn(Stories.watcher(of: a.reference(to: watched), ends), name: "w\(round)")
            _ = try b.system.spawn(Stories.watcher(of: b.reference(to: other), ends), name: "w\(round)")
            world.run(for: .seconds(1))
            watched.tell(1)
            other.tell(1)
            #expect(world.run { ends.count == before + 2 }, "seed \(seed), round \(round)")
            let forgetful = seed.isMultiple(of: 2) ? a : b
            let forgotten = seed.isMultiple(of: 2) ? b : a
            forgetful.remoting.forget(forgotten.system.unique)
            // It is alive after all, and comes back.
            forgetful.remoting.expect(UniqueAddress(address: forgotten.address, incarnation: 1))
            forgotten.remoting.keep(forgetful.address)
            world.run(for: .seconds(1))
        }
        world.world.dispose()
    }
}

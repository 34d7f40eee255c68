import CastyActors
import CastyCore
import CastySimulator
import Synchronization
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite("A simulated world")
struct WorldTests {
    @Test("starts at zero and moves to the deadline when nothing happens")
    func empty() {
        let world = SimulatedWorld(seed: 1)
        #expect(world.now == .start)
        #expect(world.run(until: .start + .seconds(3)) == .deadline)
        #expect(world.now == .start + .seconds(3))
        #expect(!world.step())
        #expect(world.nextStep == nil)
    }

    @Test("lets timers fire in the order of their deadlines, and jumps from one to the next")
    func timers() {
        let world = SimulatedWorld(seed: 1)
        let scheduler = world.node(name: "n1", address: Pair.address(1)).world.scheduler
        let log = Log<Instant>()
        for second in [3, 1, 2] {
            _ = scheduler.schedule(at: .start + .seconds(second)) { log.append(scheduler.now) }
        }
        #expect(world.nextStep == .start + .seconds(1))
        #expect(world.step())
        #expect(world.now == .start + .seconds(1))
        #expect(world.runToQuiescence() == .quiescent)
        #expect(log.all == [1, 2, 3].map { .start + .seconds($0) })
        world.dispose()
    }

    @Test("keeps the order of one node's timers at one instant, and mixes those of several nodes by seed")
    func timerOrder() {
        func order(seed: UInt64) -> [String] {
            let world = SimulatedWorld(seed: seed)
            let log = Log<String>()
            for round in 0..<20 {
                for name in ["a", "b", "c"] {
                    if round == 0 { _ = world.node(name: name, address: Pair.address(1)) }
                }
                for node in world.nodes {
                    _ = node.world.scheduler.schedule(after: .seconds(1)) { [name = node.name] in
                        log.append("\(name)\(round)")
                    }
                }
            }
            world.runToQuiescence()
            world.dispose()
            return log.all
        }
        for name in ["a", "b", "c"] {
            #expect(order(seed: 5).filter { $0.hasPrefix(name) } == (0..<20).map { "\(name)\($0)" })
        }
        #expect(Set((0..<20).map { order(seed: $0) }).count > 1)
    }

    @Test("lets turns that are due at once run in an order drawn from the seed, none of them inside the call")
    func turnOrder() {
        func order(seed: UInt64) -> [Int] {
            let world = SimulatedWorld(seed: seed)
            let dispatcher = world.node(name: "n1", address: Pair.address(1)).world.dispatcher
            let log = Log<Int>()
            for number in 0..<30 { dispatcher.execute(WorkItem { log.append(number) }) }
            #expect(log.all.isEmpty)
            world.runToQuiescence()
            world.dispose()
            return log.all
        }
        #expect(order(seed: 1) == order(seed: 1))
        #expect(order(seed: 1) != order(seed: 2))
        #expect(order(seed: 1).sorted() == Array(0..<30))
    }

    @Test("takes back a cancelled timer, also when thousands are")
    func cancel() {
        let world = SimulatedWorld(seed: 1)
        let scheduler = world.node(name: "n1", address: Pair.address(1)).world.scheduler
        let log = Log<Int>()
        let timers = (0..<5000).map { number in
            scheduler.schedule(after: .milliseconds(number % 70)) { log.append(number) }
        }
        for (number, timer) in timers.enumerated() where number % 10 != 3 { timer.cancel() }
        #expect(world.pendingCount == 500)
        world.runToQuiescence()
        #expect(log.all.count == 500)
        #expect(log.all.allSatisfy { $0 % 10 == 3 })
        timers[3].cancel()
        world.dispose()
    }

    @Test("stops when a condition holds, and no step later")
    func condition() {
        let world = SimulatedWorld(seed: 1)
        let scheduler = world.node(name: "n1", address: Pair.address(1)).world.scheduler
        let log = Log<Int>()
        for number in 1...9 {
            _ = scheduler.schedule(after: .seconds(number)) { log.append(number) }
        }
        let end = world.run(until: .start + .seconds(100)) { log.all.count == 4 }
        #expect(end == .condition)
        #expect(world.now == .start + .seconds(4))
        #expect(world.run(until: .start + .seconds(100)) { false } == .deadline)
        #expect(log.all == Array(1...9))
    }

    @Test("says that it is stuck when steps go on while time stands still")
    func livelock() throws {
        let world = SimulatedWorld(seed: 1)
        world.livelockLimit = 1000
        let dispatcher = world.node(name: "n1", address: Pair.address(1)).world.dispatcher
        @Sendable func again() { dispatcher.execute(WorkItem { again() }) }
        again()
        let end = world.run(until: .start + .seconds(1))
        let livelock = try #require(world.livelock)
        #expect(end == .livelock(livelock))
        #expect(livelock.description == "livelock at 0.000 s: 1001 steps without time advancing, the last a turn of n1")
        #expect(!world.step())
        world.dispose()
    }

    @Test("counts what comes in from another thread while it runs, and carries it out all the same")
    func foreignCalls() {
        let world = SimulatedWorld(seed: 1)
        let dispatcher = world.node(name: "n1", address: Pair.address(1)).world.dispatcher
        let log = Log<String>()
        dispatcher.execute(
            WorkItem {
                onAnotherThread { dispatcher.execute(WorkItem { log.append("foreign") }) }
            })
        #expect(world.foreignCallCount == 0)
        world.run(until: .start + .seconds(1))
        #expect(world.foreignCallCount == 1)
        #expect(log.all == ["foreign"])
    }

    @Test("does the world's own actions at their moments, in the order they were set")
    func ownActions() {
        let world = SimulatedWorld(seed: 9)
        let log = Log<String>()
        world.schedule(at: .start + .seconds(2)) { log.append("c") }
        world.schedule(at: .start + .seconds(1)) { log.append("a") }
        world.schedule(at: .start + .seconds(1)) { log.append("b") }
        world.runToQuiescence()
        #expect(log.all == ["a", "b", "c"])
    }

    @Test("is released once it has been disposed of")
    func release() {
        weak var weakWorld: SimulatedWorld?
        do {
            let pair = Pair()
            weakWorld = pair.world
            let client = pair.connect()
            _ = pair.connect()
            pair.world.run(until: .start + .microseconds(1500))
            client.send(pattern(1000))
            let world = pair.first.world
            _ = world.scheduler.schedule(after: .seconds(100)) { _ = world.scheduler.now }
            pair.there.cut()
            pair.run(.milliseconds(30))
            pair.world.dispose()
        }
        #expect(weakWorld == nil)
    }
}

/// Runs something on another thread and waits for it.
private func onAnotherThread(_ work: @escaping @Sendable () -> Void) {
    final class Box {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    #if canImport(Darwin)
        var thread: pthread_t?
    #else
        var thread = pthread_t()
    #endif
    let argument = Unmanaged.passRetained(Box(work)).toOpaque()
    pthread_create(
        &thread, nil,
        { pointer in
            #if canImport(Darwin)
                Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().work()
            #else
                if let pointer { Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().work() }
            #endif
            return nil
        }, argument)
    #if canImport(Darwin)
        if let thread { pthread_join(thread, nil) }
    #else
        pthread_join(thread, nil)
    #endif
}

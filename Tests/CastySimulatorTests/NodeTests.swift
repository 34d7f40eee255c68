import CastyActors
import CastyCore
import CastySimulator
import Testing

@Suite("A simulated node")
struct NodeTests {
    let world = SimulatedWorld(seed: 7)

    func node(_ name: String = "n1") -> SimulatedNode { world.node(name: name, address: Pair.address(1)) }

    @Test("does nothing while it is frozen, and afterwards what was due, its timers in order")
    func freeze() {
        let node = node()
        let borders = node.world
        let log = Log<String>()
        for second in 1...5 {
            _ = borders.scheduler.schedule(after: .seconds(second)) {
                log.append("\(second) at \(Int(borders.scheduler.now.seconds))")
            }
        }
        world.run(until: .start + .milliseconds(1500))
        node.freeze()
        borders.dispatcher.execute(WorkItem { log.append("turn") })
        world.run(until: .start + .milliseconds(4500))
        #expect(log.all == ["1 at 1"])
        node.thaw()
        world.runToQuiescence()
        #expect(log.all.filter { $0 != "turn" } == ["1 at 1", "2 at 4", "3 at 4", "4 at 4", "5 at 5"])
        #expect(log.all.contains("turn"))
        world.dispose()
    }

    @Test("takes back a timer that is cancelled while it is frozen")
    func cancelFrozen() {
        let node = node()
        let log = Log<Int>()
        let timer = node.world.scheduler.schedule(after: .seconds(1)) { log.append(1) }
        node.freeze()
        world.run(until: .start + .seconds(2))
        timer.cancel()
        node.thaw()
        world.runToQuiescence()
        #expect(log.all.isEmpty)
    }

    @Test("does nothing any more once it is killed", arguments: [true, false])
    func kill(frozen: Bool) {
        let node = node()
        let borders = node.world
        let log = Log<Int>()
        _ = borders.scheduler.schedule(after: .seconds(1)) { log.append(1) }
        borders.dispatcher.execute(WorkItem { log.append(2) })
        if frozen {
            node.freeze()
            world.run(until: .start + .seconds(2))
        }
        node.kill()
        #expect(node.state == .killed)
        #expect(world.pendingCount == 0)
        _ = borders.scheduler.schedule(after: .seconds(1)) { log.append(3) }
        borders.dispatcher.execute(WorkItem { log.append(4) })
        node.thaw()
        world.runToQuiescence()
        #expect(log.all.isEmpty)
    }

    @Test("has a clock that goes at a rate of its own; timers follow it", arguments: [10_000, -10_000, 123_457, 0])
    func drift(partsPerMillion: Int) {
        let node = node()
        let scheduler = node.world.scheduler
        let log = Log<[Instant]>()
        world.run(until: .start + .seconds(1))
        node.setClockRate(partsPerMillion: partsPerMillion)
        let deadline = Instant.start + .seconds(101)
        _ = scheduler.schedule(at: deadline) { [unowned world] in log.append([scheduler.now, world.now]) }
        world.runToQuiescence()
        let shown = log.all[0][0]
        let real = (log.all[0][1] - (.start + .seconds(1))).inSeconds
        #expect(shown >= deadline)
        #expect(shown - deadline < .nanoseconds(3))
        #expect(abs(real - 100 / (1 + Double(partsPerMillion) / 1e6)) < 1e-6)
    }

    @Test("keeps to its timers' deadlines when its clock changes its rate or jumps, and never goes back")
    func changeOfRate() {
        let node = node()
        let scheduler = node.world.scheduler
        let log = Log<Int>()
        for second in [10, 20, 20, 30] {
            _ = scheduler.schedule(at: .start + .seconds(second)) { log.append(second) }
        }
        world.run(until: .start + .seconds(5))
        node.setClockRate(partsPerMillion: 500_000)
        #expect(scheduler.now == .start + .seconds(5))
        world.run(until: .start + .seconds(8))
        #expect(scheduler.now == .start + .milliseconds(9500))
        #expect(log.all.isEmpty)
        world.run(until: .start + .seconds(9))
        #expect(log.all == [10])
        node.advanceClock(by: .seconds(9))
        world.run(until: .start + .seconds(9))
        #expect(log.all == [10, 20, 20])
        node.setClockRate(partsPerMillion: -500_000)
        let before = scheduler.now
        world.run(until: .start + .seconds(11))
        #expect(scheduler.now == before + .seconds(1))
        world.runToQuiescence()
        #expect(log.all == [10, 20, 20, 30])
    }

    @Test("never lets a timer fire that lies beyond all time")
    func distantFuture() {
        let log = Log<Int>()
        let timer = node().world.scheduler.schedule(at: .distantFuture) { log.append(1) }
        #expect(world.runToQuiescence() == .quiescent)
        #expect(world.now == .start)
        #expect(log.all.isEmpty)
        timer.cancel()
    }

    @Test("is slow when its turns take time: one after the other")
    func slow() {
        let node = node()
        node.turnTime = .milliseconds(10)
        let log = Log<Instant>()
        for _ in 0..<5 {
            node.world.dispatcher.execute(WorkItem { [unowned world] in log.append(world.now) })
        }
        world.runToQuiescence()
        #expect(log.all == (1...5).map { .start + .milliseconds(10 * $0) })
    }

    @Test("draws the same from a stream in every run, other numbers from another stream, node, start or seed")
    func chance() {
        func draws(seed: UInt64, name: String, start: Int, stream: String) -> UInt64 {
            let world = SimulatedWorld(seed: seed)
            var node = world.node(name: name, address: Pair.address(1))
            for _ in 1..<start { node = world.node(name: name, address: Pair.address(1)) }
            var generator = node.world.random.stream(stream)
            return generator.next()
        }
        let base = draws(seed: 1, name: "n1", start: 1, stream: "uid")
        #expect(base == draws(seed: 1, name: "n1", start: 1, stream: "uid"))
        let others = [
            draws(seed: 2, name: "n1", start: 1, stream: "uid"), draws(seed: 1, name: "n2", start: 1, stream: "uid"),
            draws(seed: 1, name: "n1", start: 2, stream: "uid"), draws(seed: 1, name: "n1", start: 1, stream: "x"),
        ]
        #expect(!others.contains(base))
        #expect(Set(others).count == 4)
    }
}

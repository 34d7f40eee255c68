import CastyActors
import CastyCore
import CastyLive
import Synchronization
import Testing

@Suite("Worker pool", .timeLimit(.minutes(10)))
struct WorkerPoolTests {
    @Test("every message of every outside thread is handled once, in its sender's order, in turns that never overlap")
    func outsideStress() {
        let pool = WorkerPool(workers: 3)
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let probes = (0..<64).map { _ in TurnProbe(dispatcher) }
        onThreads(6) { sender in
            for number in 0..<20_000 { probes[(number * 7 + sender) % 64].tell(sender: sender, number: number) }
        }
        #expect(eventually { probes.reduce(0) { $0 + $1.handled } == 120_000 })
        #expect(probes.allSatisfy { $0.overlaps == 0 && $0.outOfOrder == 0 })
    }

    @Test("actors that wake actors lose nothing, although workers park and steal")
    func insideStress() {
        let pool = WorkerPool(workers: 4)
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let sinks = (0..<200).map { _ in TurnProbe(dispatcher) }
        // Each relay fans out to three sinks: displaced turns fill the rings, and more than a ring holds.
        let relays = (0..<600).map { relay in
            TurnProbe(dispatcher) { message in
                for step in 0..<3 { sinks[(relay + step * 67) % 200].tell(sender: relay, number: message * 3 + step) }
            }
        }
        for number in 0..<100 { for relay in relays { relay.tell(number) } }
        #expect(eventually { sinks.reduce(0) { $0 + $1.handled } == 600 * 100 * 3 })
        #expect((sinks + relays).allSatisfy { $0.overlaps == 0 && $0.outOfOrder == 0 })
    }

    @Test("a single message now and then always wakes a sleeping worker")
    func parking() {
        let pool = WorkerPool(workers: 2)
        defer { pool.shutdown() }
        let probe = TurnProbe(LiveDispatcher(pool: pool))
        for number in 0..<3000 {
            probe.tell(number)
            #expect(eventually { probe.handled == number + 1 })
        }
    }

    @Test("two actors that only talk to each other do not starve a third on the same worker")
    func fairness() {
        let pool = WorkerPool(workers: 1)
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let stop = Flag()
        let pair = Mutex<[TurnProbe]>([])
        let left = TurnProbe(dispatcher) { number in
            if !stop.isSet { pair.withLock { $0[1] }.tell(number + 1) }
        }
        let right = TurnProbe(dispatcher) { number in pair.withLock { $0[0] }.tell(number + 1) }
        pair.withLock { $0 = [left, right] }
        let third = TurnProbe(dispatcher)
        let starter = TurnProbe(dispatcher) { _ in
            // From within one turn: the third is displaced to the ring, the pair owns the last-in place.
            third.tell(0)
            left.tell(0)
        }
        starter.tell(0)
        #expect(eventually { third.handled == 1 })
        third.tell(1)
        #expect(eventually { third.handled == 2 })
        stop.set()
        #expect(eventually { !left.isScheduled && !right.isScheduled })
        pair.withLock { $0 = [] }
    }

    @Test("the end of the pool releases what still waits")
    func shutdownReleases() {
        final class Token: Sendable {}
        let pool = WorkerPool(workers: 2)
        let dispatcher = LiveDispatcher(pool: pool)
        dispatcher.freeze()
        weak var seen: Token?
        do {
            let token = Token()
            seen = token
            dispatcher.execute(WorkItem { withExtendedLifetime(token) {} })
        }
        #expect(seen != nil)
        dispatcher.thaw()
        pool.shutdown()
        #expect(seen == nil)
    }
}

import CastyActors
import CastyCore
import Glibc
import Logging
import Synchronization
import Testing

@testable import CastyLive

@Suite("Blocked workers", .timeLimit(.minutes(10)))
struct BlockedWorkersTests {
    /// Blocks the calling thread until the flag is set.
    private static func block(until flag: Flag) { while !flag.isSet { usleep(1000) } }

    @Test("other actors have their turns while more handlers block than there are workers")
    func spares() {
        let pool = WorkerPool(workers: 2, growth: .whenBlocked(upTo: 64))
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let (release, begun) = (Flag(), Tally())
        let blockers = (0..<8).map { _ in
            TurnProbe(dispatcher) { _ in
                begun.add()
                Self.block(until: release)
            }
        }
        let others = (0..<50).map { _ in TurnProbe(dispatcher) }
        for blocker in blockers { blocker.tell(0) }
        for number in 0..<20 { for other in others { other.tell(number) } }
        #expect(eventually { others.allSatisfy { $0.handled == 20 } })
        #expect(eventually { begun.count == 8 })
        #expect(blockers.allSatisfy { $0.handled == 0 })
        release.set()
        #expect(eventually { blockers.allSatisfy { $0.handled == 1 } })
        #expect((blockers + others).allSatisfy { $0.overlaps == 0 && $0.outOfOrder == 0 })
        #expect(eventually { pool.spares.runningCount == 0 })
        // After the spare workers have rested the pool works as before, and may need them again.
        for number in 20..<40 { for other in others { other.tell(number) } }
        #expect(eventually { others.allSatisfy { $0.handled == 40 } })
    }

    @Test("what a handler has told before it blocks is handled meanwhile", arguments: [1, 3])
    func toldBefore(count: Int) {
        let pool = WorkerPool(workers: 2, growth: .whenBlocked(upTo: 8))
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let release = Flag()
        let told = (0..<count).map { _ in TurnProbe(dispatcher) }
        let blocker = TurnProbe(dispatcher) { _ in
            for other in told { other.tell(1) }
            Self.block(until: release)
        }
        blocker.tell(0)
        #expect(eventually { told.allSatisfy { $0.handled == 1 } })
        #expect(blocker.handled == 0)
        release.set()
        #expect(eventually { blocker.handled == 1 })
    }

    @Test("handlers that compute for ever do not keep others from their turns")
    func computing() {
        let pool = WorkerPool(workers: 1, growth: .whenBlocked(upTo: 8))
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let release = Flag()
        let busy = (0..<2).map { _ in TurnProbe(dispatcher) { _ in while !release.isSet { sched_yield() } } }
        for probe in busy { probe.tell(0) }
        let other = TurnProbe(dispatcher)
        other.tell(0)
        #expect(eventually { other.handled == 1 })
        release.set()
        #expect(eventually { busy.allSatisfy { $0.handled == 1 } })
    }

    @Test("random pauses of handlers lose no message, and no two turns overlap")
    func stress() {
        let pool = WorkerPool(workers: 2, growth: .whenBlocked(upTo: 16))
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let sinks = (0..<40).map { _ in TurnProbe(dispatcher) }
        let relays = (0..<60).map { relay in
            TurnProbe(dispatcher) { message in
                for step in 0..<3 { sinks[(relay + step * 13) % 40].tell(sender: relay, number: message * 3 + step) }
                // Some for longer than a blocked worker is waited for.
                if (relay + message) % 20 == 0 { usleep(UInt32(relay % 4) * 10_000) }
            }
        }
        for number in 0..<40 { for relay in relays { relay.tell(number) } }
        #expect(eventually { sinks.reduce(0) { $0 + $1.handled } == 60 * 40 * 3 })
        #expect((sinks + relays).allSatisfy { $0.overlaps == 0 && $0.outOfOrder == 0 })
    }

    @Test("a freeze waits for spare workers too, and nothing runs until the thaw")
    func freezing() {
        let pool = WorkerPool(workers: 1, growth: .whenBlocked(upTo: 4))
        defer { pool.shutdown() }
        let (blocked, frozen) = (LiveDispatcher(pool: pool), LiveDispatcher(pool: pool))
        let release = Flag()
        let blocker = TurnProbe(blocked) { _ in Self.block(until: release) }
        blocker.tell(0)
        let left = TurnProbe(frozen) { _ in usleep(100) }
        for number in 0..<200 { left.tell(number) }
        #expect(eventually { left.handled > 0 })
        frozen.freeze()
        let handled = left.handled
        left.tell(200)
        usleep(20_000)
        #expect(left.handled == handled)
        frozen.thaw()
        #expect(eventually { left.handled == 201 })
        #expect(left.outOfOrder == 0 && left.overlaps == 0)
        release.set()
        #expect(eventually { blocker.handled == 1 })
    }

    @Test("an elastic pool has a thread for each turn, and its turns never overlap")
    func elastic() {
        let pool = WorkerPool(workers: 0, growth: .atOnce(upTo: 100))
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let (release, begun) = (Flag(), Tally())
        let probes = (0..<100).map { _ in
            TurnProbe(dispatcher) { number in
                if number > 0 { return }
                begun.add()
                Self.block(until: release)
            }
        }
        for probe in probes { probe.tell(0) }
        #expect(eventually { begun.count == 100 })
        // No thread is left for this one, which therefore waits.
        let late = TurnProbe(dispatcher)
        late.tell(0)
        #expect(late.handled == 0)
        release.set()
        #expect(eventually { late.handled == 1 })
        for number in 1...50 { for probe in probes { probe.tell(number) } }
        #expect(eventually { probes.allSatisfy { $0.handled == 51 } })
        #expect(probes.allSatisfy { $0.overlaps == 0 && $0.outOfOrder == 0 })
    }
}

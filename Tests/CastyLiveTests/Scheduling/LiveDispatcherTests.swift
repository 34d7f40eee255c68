import CastyCore
import CastyLive
import Synchronization
import Testing

@testable import CastyActors

@Suite("Live dispatcher", .timeLimit(.minutes(10)))
struct LiveDispatcherTests {
    @Test("once freeze has returned no turn of the node runs, and after thaw nothing is missing")
    func freezeAndThaw() {
        let pool = WorkerPool(workers: 3)
        defer { pool.shutdown() }
        let frozen = LiveDispatcher(pool: pool)
        let other = LiveDispatcher(pool: pool)
        let probes = (0..<16).map { _ in TurnProbe(frozen) }
        let neighbour = TurnProbe(other)
        let done = Flag()
        let producer = LiveThread {
            for number in 0..<40_000 { probes[number % 16].tell(number) }
            done.set()
        }
        var rounds = 0
        var sent = 0
        repeat {
            frozen.freeze()
            let before = probes.map(\.handled)
            neighbour.tell(sent)
            sent += 1
            #expect(eventually { neighbour.handled == sent })
            #expect(probes.map(\.handled) == before)
            frozen.thaw()
            rounds += 1
        } while !done.isSet || rounds < 20
        producer.join()
        #expect(eventually { probes.reduce(0) { $0 + $1.handled } == 40_000 })
        #expect(probes.allSatisfy { $0.overlaps == 0 && $0.outOfOrder == 0 })
    }

    @Test("freeze waits for the turn that is being taken")
    func freezeWaits() {
        let pool = WorkerPool(workers: 2)
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let isInside = Flag()
        let mayLeave = Flag()
        let hasLeft = Flag()
        dispatcher.execute(
            WorkItem {
                isInside.set()
                _ = eventually { mayLeave.isSet }
                hasLeft.set()
            })
        #expect(eventually { isInside.isSet })
        let leftFirst = Flag()
        let returned = Flag()
        let freezer = LiveThread {
            dispatcher.freeze()
            if hasLeft.isSet { leftFirst.set() }
            returned.set()
        }
        #expect(!eventually(within: .milliseconds(20)) { returned.isSet })
        mayLeave.set()
        freezer.join()
        #expect(leftFirst.isSet)
    }

    @Test("a turn may freeze and kill its own node without waiting for itself")
    func ownTurn() {
        let pool = WorkerPool(workers: 2)
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let finished = Flag()
        dispatcher.execute(
            WorkItem {
                dispatcher.freeze()
                dispatcher.kill()
                finished.set()
            })
        #expect(eventually { finished.isSet })
    }

    @Test("a killed node takes no further turn and releases what waited; its neighbour goes on")
    func kill() {
        final class Token: Sendable {}
        let pool = WorkerPool(workers: 2)
        defer { pool.shutdown() }
        let killed = LiveDispatcher(pool: pool)
        let other = LiveDispatcher(pool: pool)
        let turns = Tally()
        weak var seen: Token?
        killed.freeze()
        do {
            let token = Token()
            seen = token
            killed.execute(
                WorkItem {
                    turns.add(); withExtendedLifetime(token) {}
                })
        }
        killed.kill()
        #expect(seen == nil)
        killed.thaw()
        killed.execute(WorkItem { turns.add() })
        let neighbour = TurnProbe(other)
        neighbour.tell(1)
        #expect(eventually { neighbour.handled == 1 })
        #expect(turns.count == 0)
    }

    @Test("a node killed under load is quiet when kill returns")
    func killUnderLoad() {
        let pool = WorkerPool(workers: 3)
        defer { pool.shutdown() }
        for _ in 0..<20 {
            let dispatcher = LiveDispatcher(pool: pool)
            let probes = (0..<8).map { _ in TurnProbe(dispatcher) }
            let producer = LiveThread { for number in 0..<4000 { probes[number % 8].tell(number) } }
            _ = eventually { probes[0].handled > 10 }
            dispatcher.kill()
            let before = probes.map(\.handled)
            producer.join()
            #expect(probes.map(\.handled) == before)
        }
    }
}

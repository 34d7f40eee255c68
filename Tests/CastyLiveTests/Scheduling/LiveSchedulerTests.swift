import CastyCore
import Synchronization
import Testing

@testable import CastyActors
@testable import CastyLive

@Suite("Live scheduler", .timeLimit(.minutes(10)))
struct LiveSchedulerTests {
    /// What fired, in order.
    private final class Record: Sendable {
        private let fired = Mutex<[Int]>([])
        var all: [Int] { fired.withLock { $0 } }
        func add(_ number: Int) { fired.withLock { $0.append(number) } }
    }

    @Test("timers fire by deadline, equal deadlines in the order they were set, and never early")
    func order() {
        let thread = TimerThread()
        defer { thread.shutdown() }
        let scheduler = LiveScheduler(thread: thread)
        let record = Record()
        let early = Tally()
        let base = scheduler.now + .milliseconds(20)
        var generator = SeededGenerator(seed: 7)
        let slots = generator.permuted(Array(0..<200))
        for slot in slots {
            let deadline = base + .microseconds(100 * (slot / 2))
            _ = scheduler.schedule(at: deadline) {
                if scheduler.now < deadline { early.add() }
                record.add(slot)
            }
        }
        #expect(eventually { record.all.count == 200 })
        #expect(record.all.map { $0 / 2 } == (0..<200).map { $0 / 2 })
        for pair in 0..<100 {
            let set = slots.filter { $0 / 2 == pair }
            #expect(Array(record.all[(2 * pair)..<(2 * pair + 2)]) == set)
        }
        #expect(early.count == 0)
    }

    @Test("a deadline that has passed fires at once, but not inside the call")
    func late() {
        let thread = TimerThread()
        defer { thread.shutdown() }
        let scheduler = LiveScheduler(thread: thread)
        let hasReturned = Mutex(false)
        let sawReturn = Mutex<Bool?>(nil)
        hasReturned.withLock { flag in
            _ = scheduler.schedule(at: scheduler.now - .seconds(5)) {
                // Waits for the lock that the caller holds: inside the call this would never end.
                let value = hasReturned.withLock { $0 }
                sawReturn.withLock { $0 = value }
            }
            flag = true
        }
        #expect(eventually { sawReturn.withLock { $0 } == true })
    }

    @Test("a cancelled timer does not fire, and lets go of what it captured at once")
    func cancel() {
        final class Token: Sendable {}
        let thread = TimerThread()
        defer { thread.shutdown() }
        let scheduler = LiveScheduler(thread: thread)
        let record = Record()
        weak var seen: Token?
        let timer: any ScheduledTimer
        do {
            let token = Token()
            seen = token
            timer = scheduler.schedule(after: .milliseconds(10)) { [token] in
                withExtendedLifetime(token) { record.add(1) }
            }
        }
        timer.cancel()
        timer.cancel()
        #expect(seen == nil)
        _ = scheduler.schedule(after: .milliseconds(20)) { record.add(2) }
        #expect(eventually { record.all == [2] })
    }

    @Test("timers that are set and cancelled in great number do not disturb the others")
    func sweep() {
        let thread = TimerThread()
        defer { thread.shutdown() }
        let scheduler = LiveScheduler(thread: thread)
        let record = Record()
        for number in 0..<50 { _ = scheduler.schedule(after: .milliseconds(50 + number)) { record.add(number) } }
        for _ in 0..<20_000 { scheduler.schedule(after: .seconds(3600)) { record.add(-1) }.cancel() }
        #expect(thread.pendingCount < 5000)
        #expect(eventually { record.all.count == 50 })
        #expect(record.all == Array(0..<50))
    }

    @Test("timers due while frozen fire in order upon thaw; those of other nodes fire meanwhile")
    func freeze() {
        let thread = TimerThread()
        defer { thread.shutdown() }
        let frozen = LiveScheduler(thread: thread)
        let other = LiveScheduler(thread: thread)
        let record = Record()
        frozen.freeze()
        for number in [3, 1, 2] {
            _ = frozen.schedule(after: .milliseconds(number)) { record.add(number) }
        }
        let isPast = Flag()
        _ = other.schedule(after: .milliseconds(30)) { isPast.set() }
        #expect(eventually { isPast.isSet })
        #expect(record.all == [])
        frozen.thaw()
        #expect(eventually { record.all.count == 3 })
        #expect(record.all == [1, 2, 3])
    }

    @Test("a killed node's timers are released at once and never fire")
    func kill() {
        final class Token: Sendable {}
        let thread = TimerThread()
        defer { thread.shutdown() }
        let killed = LiveScheduler(thread: thread)
        let record = Record()
        weak var seen: Token?
        do {
            let token = Token()
            seen = token
            _ = killed.schedule(after: .seconds(3600)) { [token] in withExtendedLifetime(token) { record.add(1) } }
        }
        _ = killed.schedule(after: .milliseconds(5)) { killed.kill() }
        #expect(eventually { seen == nil })
        _ = killed.schedule(after: .milliseconds(1)) { record.add(2) }
        let other = LiveScheduler(thread: thread)
        let isPast = Flag()
        _ = other.schedule(after: .milliseconds(20)) { isPast.set() }
        #expect(eventually { isPast.isSet })
        #expect(record.all == [])
    }
}

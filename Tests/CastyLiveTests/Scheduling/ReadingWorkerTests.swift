import CastyCore
import Glibc
import Synchronization
import Testing

@testable import CastyLive

/// A runnable that knows the length of its turns, as actors do.
private final class PacedProbe: Runnable, @unchecked Sendable {
    private let state = Mutex<(waiting: [Int], isScheduled: Bool)>(([], false))
    private let paceValue = Atomic<UInt8>(0)
    private let dispatcher: any Dispatcher
    private let handle: @Sendable (Int) -> Void
    private let isInTurn = Atomic<Bool>(false)
    let handled = Tally()
    let overlaps = Tally()
    private let order = Mutex<[Int]>([])

    init(_ dispatcher: any Dispatcher, handle: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.dispatcher = dispatcher
        self.handle = handle
    }

    override var pace: TurnPace {
        get { TurnPace(rawValue: paceValue.load(ordering: .relaxed)) }
        set { paceValue.store(newValue.rawValue, ordering: .relaxed) }
    }

    var all: [Int] { order.withLock { $0 } }

    func tell(_ message: Int) {
        let wakes = state.withLock { state in
            state.waiting.append(message)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if wakes { dispatcher.execute(self) }
    }

    override func run(_ grant: TurnGrant) {
        if isInTurn.exchange(true, ordering: .acquiringAndReleasing) { overlaps.add() }
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(grant.budget))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        for message in batch {
            handle(message)
            order.withLock { $0.append(message) }
            handled.add()
        }
        isInTurn.store(false, ordering: .releasing)
        let goesOn = state.withLock { state in
            state.isScheduled = !state.waiting.isEmpty
            return state.isScheduled
        }
        if goesOn { dispatcher.execute(self) }
    }
}

@Suite("Turns on a reading thread", .timeLimit(.minutes(10)))
struct ReadingWorkerTests {
    private let pool = WorkerPool(workers: 2, growth: .whenBlocked(upTo: 8))

    /// Tells a probe until its turns run on the calling thread. Returns how many messages that took.
    private func qualify(_ probe: PacedProbe, _ reader: ReadingWorker) -> Int {
        var count = 0
        while probe.pace != .short {
            reader.read { probe.tell(count) }
            count += 1
            _ = eventually { probe.handled.count == count }
        }
        return count
    }

    @Test("a runnable whose turns are short comes to run on it; at first it runs on a worker")
    func qualifies() {
        defer { pool.shutdown() }
        let reader = ReadingWorker(pool)
        let me = UInt(pthread_self())
        let elsewhere = Tally()
        let probe = PacedProbe(LiveDispatcher(pool: pool)) { _ in if UInt(pthread_self()) != me { elsewhere.add() } }
        let count = qualify(probe, reader)
        #expect(elsewhere.count == count && count >= 7)
        for number in 0..<100 {
            reader.read { probe.tell(number) }
            // Handled when the call returns, unless an earlier turn took long on this machine.
            if probe.pace == .short { #expect(eventually { probe.handled.count == count + number + 1 }) }
        }
        #expect(eventually { probe.handled.count == count + 100 })
        #expect(elsewhere.count < count + 100)
        #expect(probe.overlaps.count == 0)
    }

    @Test("outside a read everything runs on the workers")
    func outside() {
        defer { pool.shutdown() }
        let reader = ReadingWorker(pool)
        let me = UInt(pthread_self())
        let here = Tally()
        let probe = PacedProbe(LiveDispatcher(pool: pool)) { _ in if UInt(pthread_self()) == me { here.add() } }
        _ = qualify(probe, reader)
        let (before, handled) = (here.count, probe.handled.count)
        for number in 0..<50 { probe.tell(number) }
        #expect(eventually { probe.handled.count == handled + 50 })
        #expect(here.count == before)
    }

    @Test("a runnable whose turns take long never runs on it")
    func long() {
        defer { pool.shutdown() }
        let reader = ReadingWorker(pool)
        let me = UInt(pthread_self())
        let here = Tally()
        let probe = PacedProbe(LiveDispatcher(pool: pool)) { _ in
            if UInt(pthread_self()) == me { here.add() }
            usleep(2000)
        }
        for number in 0..<30 {
            reader.read { probe.tell(number) }
            #expect(eventually { probe.handled.count == number + 1 })
        }
        #expect(here.count == 0)
        #expect(probe.pace == .blocked)
    }

    @Test("what waits behind a turn that blocks is left to the workers, also what that turn has woken")
    func blocked() {
        defer { pool.shutdown() }
        let reader = ReadingWorker(pool)
        let dispatcher = LiveDispatcher(pool: pool)
        let (release, isBlocked) = (Flag(), Flag())
        let woken = PacedProbe(dispatcher)
        let blocker = PacedProbe(dispatcher) { number in
            guard number < 0 else { return }
            woken.tell(number)
            isBlocked.set()
            while !release.isSet { usleep(500) }
        }
        let behind = PacedProbe(dispatcher)
        let counts = [woken, blocker, behind].map { qualify($0, reader) }
        let thread: LiveThread = LiveThread {
            reader.read {
                blocker.tell(-1)
                behind.tell(-1)
            }
        }
        #expect(eventually { isBlocked.isSet })
        #expect(eventually { woken.handled.count == counts[0] + 1 && behind.handled.count == counts[2] + 1 })
        #expect(blocker.handled.count == counts[1])
        release.set()
        #expect(eventually { blocker.handled.count == counts[1] + 1 })
        thread.join()
        #expect([woken, blocker, behind].allSatisfy { $0.overlaps.count == 0 })
    }

    @Test("a node is only quiet when no turn of it runs on a reading thread, and then none starts there")
    func killed() {
        defer { pool.shutdown() }
        let reader = ReadingWorker(pool)
        let dispatcher = LiveDispatcher(pool: pool)
        let (release, isBlocked) = (Flag(), Flag())
        let probe = PacedProbe(dispatcher) { number in
            guard number < 0 else { return }
            isBlocked.set()
            while !release.isSet { usleep(500) }
        }
        let count = qualify(probe, reader)
        let thread: LiveThread = LiveThread { reader.read { probe.tell(-1) } }
        #expect(eventually { isBlocked.isSet })
        #expect(!dispatcher.kill(within: .milliseconds(20)))
        release.set()
        thread.join()
        #expect(dispatcher.kill(within: nil))
        #expect(probe.handled.count == count + 1)
        reader.read { probe.tell(1) }
        #expect(probe.handled.count == count + 1)
    }

    @Test("a runnable with more messages than one turn here handles goes on on a worker, in order")
    func many() {
        defer { pool.shutdown() }
        let reader = ReadingWorker(pool)
        let probe = PacedProbe(LiveDispatcher(pool: pool))
        let count = qualify(probe, reader)
        reader.read { for number in 0..<1000 { probe.tell(number) } }
        #expect(eventually { probe.handled.count == count + 1000 })
        #expect(Array(probe.all.suffix(1000)) == Array(0..<1000))
    }

    @Test("messages from reading threads and others keep their order, and no two turns overlap")
    func stress() {
        defer { pool.shutdown() }
        let dispatcher = LiveDispatcher(pool: pool)
        let probes = (0..<20).map { index in
            PacedProbe(dispatcher) { number in if number % 97 == index { usleep(300) } }
        }
        let pool = pool
        onThreads(4) { sender in
            let reader = sender % 2 == 0 ? ReadingWorker(pool) : nil
            for number in 0..<500 {
                let tell = { for probe in probes { probe.tell(sender << 32 | number) } }
                if let reader { reader.read(tell) } else { tell() }
            }
        }
        #expect(eventually { probes.allSatisfy { $0.handled.count == 2000 } })
        for probe in probes {
            #expect(probe.overlaps.count == 0)
            for sender in 0..<4 {
                #expect(probe.all.filter { $0 >> 32 == sender }.map { $0 & 0xFFFF_FFFF } == Array(0..<500))
            }
        }
    }
}

@Suite("The pace of turns")
struct TurnPaceTests {
    @Test("seven short turns in a row qualify; a longer one starts anew")
    func qualifying() {
        var pace = TurnPace.measured
        for _ in 0..<6 {
            pace = pace.after(turnOf: 1000)
            #expect(pace.isMeasured)
        }
        #expect(pace.after(turnOf: 1000) == .short)
        #expect(pace.after(turnOf: TurnPace.shortTurn) == .measured)
        #expect(TurnPace.short.after(turnOf: TurnPace.shortTurn) == .measured)
        #expect(TurnPace.short.after(turnOf: 1000) == .short)
        #expect(TurnPace.unknown.after(turnOf: 1000) == .unknown)
    }

    @Test("after a turn that blocks, more than a hundred short ones are needed")
    func blocking() {
        var pace = TurnPace.short.after(turnOf: TurnPace.blockingTurn)
        #expect(pace == .blocked)
        var count = 0
        while pace != .short {
            pace = pace.after(turnOf: 1000)
            count += 1
        }
        #expect(count == 135)
        #expect(TurnPace(rawValue: 200).after(turnOf: TurnPace.shortTurn) == .blocked)
    }
}

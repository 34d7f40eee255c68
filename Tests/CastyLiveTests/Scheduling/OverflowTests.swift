import CastyCore
import Synchronization
import Testing

@testable import CastyLive

/// What a worker does when its ring is full, or others have left work for all.
@Suite("Turns beyond a ring", .timeLimit(.minutes(10)))
struct OverflowTests {
    private final class Numbered: Runnable, @unchecked Sendable {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    private let pool = WorkerPool(workers: 1)
    private let view: LiveDispatcher

    init() { view = LiveDispatcher(pool: pool) }

    private func turn(_ number: Int) -> Turn {
        Turn(runnable: .passRetained(Numbered(number)), view: .passUnretained(view))
    }

    private static func number(of turn: Turn) -> Int { (turn.runnable.takeRetainedValue() as? Numbered)?.number ?? -1 }

    @Test("the older half leaves the ring in its order, and the rest stays")
    func half() {
        defer { pool.shutdown() }
        let ring = WorkStealingQueue(capacity: 8)
        #expect(ring.takeOlderHalf().isEmpty)
        for number in 0..<3 { #expect(ring.append(turn(number))) }
        #expect(ring.takeOlderHalf().map(Self.number) == [0])
        for number in 3..<9 { #expect(ring.append(turn(number))) }
        let one = turn(99)
        #expect(!ring.append(one))
        #expect(Self.number(of: one) == 99)
        #expect(ring.takeOlderHalf().map(Self.number) == [1, 2, 3, 4])
        var rest: [Int] = []
        while let next = ring.take() { rest.append(Self.number(of: next)) }
        #expect(rest == [5, 6, 7, 8])
    }

    @Test("each turn leaves the ring once, whether its owner takes halves or others steal meanwhile")
    func contended() {
        defer { pool.shutdown() }
        let (ring, total) = (WorkStealingQueue(capacity: 64), 200_000)
        let seen = Mutex([UInt8](repeating: 0, count: total))
        let note = { @Sendable (turns: [Turn]) in
            let numbers = turns.map(Self.number)
            seen.withLock { seen in for number in numbers { seen[number] += 1 } }
        }
        let isOver = Flag()
        let thieves = (0..<2).map { _ in
            LiveThread {
                let own = WorkStealingQueue(capacity: 64)
                while !isOver.isSet || ring.count > 0 {
                    guard let first = own.steal(from: ring) else { continue }
                    var stolen = [first]
                    while let next = own.take() { stolen.append(next) }
                    note(stolen)
                }
            }
        }
        for number in 0..<total {
            let next = turn(number)
            if !ring.append(next) { note(ring.takeOlderHalf() + [next]) }
        }
        isOver.set()
        for thief in thieves { thief.join() }
        while let next = ring.take() { note([next]) }
        #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test("the shared queue gives back the memory of many turns once it is empty")
    func memory() {
        defer { pool.shutdown() }
        let shared = WorkerPool(workers: 1)
        shared.shutdown()
        let count = WorkerPool.keptCapacity * 2
        shared.inject((0..<count).map { turn($0) })
        #expect(shared.injectedCapacity >= count)
        for number in 0..<count { #expect(shared.takeInjected().map(Self.number) == number) }
        #expect(shared.injectedCapacity <= WorkerPool.keptCapacity)
    }

    @Test("a worker takes its share of what was left for all, and leaves the others theirs")
    func share() {
        let shared = WorkerPool(workers: 4)
        // No worker takes anything any more, so the queue is the test's.
        shared.shutdown()
        defer { pool.shutdown() }
        shared.inject((0..<401).map { turn($0) })
        let ring = WorkStealingQueue(capacity: 256)
        var taken: [Int] = []
        if let first = shared.takeInjected(sharing: ring) { taken.append(Self.number(of: first)) }
        // At most 63 at once, of 100 that are a fourth of the rest.
        #expect(ring.count == 63)
        while let next = ring.take() { taken.append(Self.number(of: next)) }
        let small = WorkStealingQueue(capacity: 4)
        if let next = shared.takeInjected(sharing: small) { taken.append(Self.number(of: next)) }
        #expect(small.count == 4)
        while let next = small.take() { taken.append(Self.number(of: next)) }
        while let next = shared.takeInjected() { taken.append(Self.number(of: next)) }
        #expect(taken == Array(0..<401))
        #expect(!shared.hasWork)
    }
}

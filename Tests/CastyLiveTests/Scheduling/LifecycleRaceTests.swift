import CastyLive
import Dispatch
import Synchronization
import Testing

@testable import CastyActors

/// What must hold whatever the moment at which threads start actors of a system that ends.
@Suite("Lifecycle under races", .timeLimit(.minutes(10)))
struct LifecycleRaceTests {
    /// How often each actor began and ended, by a number of its own.
    private final class Book: Sendable {
        private let counts = Mutex<[Int: (begun: Int, ended: Int)]>([:])

        private let numbers = Atomic<Int>(0)

        /// A number for another actor.
        func next() -> Int { numbers.wrappingAdd(1, ordering: .relaxed).newValue }

        var last: Int { numbers.load(ordering: .relaxed) }

        func began(_ actor: Int) { counts.withLock { $0[actor, default: (0, 0)].begun += 1 } }

        func ended(_ actor: Int) { counts.withLock { $0[actor, default: (0, 0)].ended += 1 } }

        func counts(of actor: Int) -> (begun: Int, ended: Int) { counts.withLock { $0[actor] ?? (0, 0) } }

        static func behavior(_ actor: Int, in book: Book) -> sending Behavior<Int> {
            .setup { _ in
                book.began(actor)
                return .receive(
                    { _, _ in .same },
                    onSignal: { _, signal in
                        if case .postStop = signal { book.ended(actor) }
                        return .same
                    })
            }
        }
    }

    @Test("an actor that could be started has begun and ended once when its system has ended, and no other was started")
    func spawnAgainstTerminate() {
        let world = LiveWorld(workers: 3)
        defer { world.shutdown() }
        for round in 0..<150 {
            let system = world.system()
            let book = Book()
            let started = Mutex<[Int]>([])
            let ended = DispatchSemaphore(value: 0)
            onThreads(5) { thread in
                if thread == 0 {
                    // At another moment of the others' work each time.
                    for _ in 0..<(round % 25) * 40 { _ = system.isTerminating }
                    system.terminate { ended.signal() }
                    return
                }
                for number in 0..<60 {
                    let actor = thread * 1000 + number
                    let name: String? = number % 2 == 0 ? "a-\(actor)" : nil
                    guard (try? system.spawn(Book.behavior(actor, in: book), name: name)) != nil else { continue }
                    started.withLock { $0.append(actor) }
                }
            }
            guard ended.wait(timeout: .now() + 60) == .success else {
                Issue.record("round \(round): the system does not end")
                return
            }
            for actor in started.withLock({ $0 }) { #expect(book.counts(of: actor) == (1, 1), "round \(round)") }
            #expect(system.counters.live == 0)
            #expect((try? system.spawn(Behavior<Int>.ignore)) == nil)
        }
    }

    @Test("a child that is started while its parent's system ends never outlives it")
    func nestedSpawn() {
        let world = LiveWorld(workers: 3)
        defer { world.shutdown() }
        for _ in 0..<60 {
            let system = world.system()
            let book = Book()
            let parents = (0..<4).compactMap { _ in
                try? system.spawn(
                    Behavior<Int>.receive { context, _ in
                        _ = try? context.spawnAnonymous(Book.behavior(book.next(), in: book))
                        return .same
                    })
            }
            let ended = DispatchSemaphore(value: 0)
            onThreads(3) { thread in
                if thread == 0 {
                    system.terminate { ended.signal() }
                } else {
                    for number in 0..<200 { parents[number % 4].tell(number) }
                }
            }
            #expect(ended.wait(timeout: .now() + 60) == .success)
            for number in 1...max(1, book.last) {
                let counts = book.counts(of: number)
                #expect(counts.begun == counts.ended)
            }
            #expect(system.counters.live == 0)
        }
    }
}

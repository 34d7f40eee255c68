import CastyCore
import CastyObservability
import Synchronization
import Testing

@testable import CastyActors
@testable import CastyLive

/// A worker keeps references to the actors whose turns have ended.
@Suite struct KeptReferencesTests {
    private final class Counted: Runnable, @unchecked Sendable {
        private let alive: Living
        init(_ alive: Living) {
            self.alive = alive
            super.init()
            alive.count.add(1, ordering: .relaxed)
        }
        deinit { alive.count.subtract(1, ordering: .relaxed) }
    }

    private final class Living: Sendable {
        let count = Atomic<Int>(0)
        var now: Int { count.load(ordering: .relaxed) }
    }

    @Test("a kept reference is used for the next turn of the same runnable, and of no other")
    func reuse() {
        var kept = KeptReferences()
        let living = Living()
        do {
            let (one, other) = (Counted(living), Counted(living))
            kept.keep(kept.reference(to: one))
            let first = kept.reference(to: one)
            let second = kept.reference(to: one)
            let third = kept.reference(to: other)
            #expect(first.toOpaque() == second.toOpaque() && first.toOpaque() != third.toOpaque())
            for reference in [first, second, third] { reference.release() }
        }
        #expect(living.now == 0)
    }

    @Test("any number of them is kept, replaced, and released by an idle worker")
    func releasedAtRest() {
        var kept = KeptReferences()
        let living = Living()
        for _ in 0..<3 {
            for _ in 0..<10_000 { kept.keep(kept.reference(to: Counted(living))) }
            #expect((1...2048).contains(living.now))
            kept.releaseAll()
            #expect(living.now == 0)
        }
        for _ in 0..<100 { kept.keep(kept.reference(to: Counted(living))) }
        _ = consume kept
        #expect(living.now == 0)
    }

    @Test("a busy worker comes past each of them in time")
    func releasedInTurn() {
        var kept = KeptReferences()
        let living = Living()
        for _ in 0..<500 { kept.keep(kept.reference(to: Counted(living))) }
        for _ in 0..<2048 { kept.releaseNext() }
        #expect(living.now == 0)
    }

    private struct WeakCell: @unchecked Sendable {
        weak var cell: AnyActorCell?
    }

    @Test("actors that have stopped are freed once their workers rest")
    func freed() throws {
        let world = LiveWorld()
        defer { world.shutdown() }
        let system = world.system("kept")
        let cells = Mutex<[WeakCell]>([])
        let parent = try system.spawn(
            Behavior<Int>.receive { context, count in
                for _ in 0..<count {
                    let child = try context.spawnAnonymous(
                        Behavior<Int>.receive { _, left in left == 0 ? .stopped : .same })
                    for left in [2, 1, 0] { child.tell(left) }
                    cells.withLock { $0.append(WeakCell(cell: child.target)) }
                }
                return .same
            })
        for _ in 0..<20 { parent.tell(200) }
        #expect(eventually { system.snapshot().actors.handled == 20 * 600 + 20 })
        #expect(eventually { cells.withLock { $0.allSatisfy { $0.cell == nil } } })
        #expect(cells.withLock { $0.count } == 4000)
    }
}

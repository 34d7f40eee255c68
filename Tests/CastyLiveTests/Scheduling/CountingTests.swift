import CastyCore
import CastyObservability
import Glibc
import Testing

@testable import CastyActors
@testable import CastyLive

@Suite("What the actors of a system count, and weigh", .timeLimit(.minutes(10)))
struct CountingTests {
    @Test("every handled message is counted once, on however many threads actors run")
    func handled() throws {
        // More threads than there are stripes: some share the first.
        let worlds = (0..<6).map { _ in LiveWorld(workers: 4) }
        defer { for world in worlds { world.shutdown() } }
        let done = Tally()
        let systems = worlds.map { $0.system() }
        for system in systems {
            for _ in 0..<8 {
                let actor = try system.spawn(
                    Behavior<Int>.receive { context, left in
                        done.add()
                        if left > 0 { context.`self`.tell(left - 1) }
                        return .same
                    })
                // Each message but the last sends another one.
                for _ in 0..<10 { actor.tell(99) }
            }
        }
        #expect(eventually { done.count == 6 * 8 * 10 * 100 })
        // A turn counts what it has handled at its end.
        #expect(eventually { systems.allSatisfy { $0.snapshot().actors.handled == 8 * 10 * 100 } })
    }

    @Test("no two threads have a stripe of their own that is the same, and an ended thread's is given again")
    func stripes() {
        for _ in 0..<3 {
            var indices: [Int] = []
            hold(20, &indices)
            let own = indices.filter { $0 > 0 }
            #expect(Set(own).count == own.count)
            #expect(indices.count == 20 && own.allSatisfy { $0 < TurnGrant.stripes })
            #expect(indices.contains(0))
        }
    }

    /// Takes stripes that end together.
    private func hold(_ count: Int, _ indices: inout [Int]) {
        if count == 0 { return }
        let stripe = ThreadStripe()
        indices.append(stripe.index)
        hold(count - 1, &indices)
        withExtendedLifetime(stripe.index) {}
    }

    @Test("the cell of an idle actor takes 216 bytes of the heap at most")
    func size() throws {
        let world = LiveWorld(workers: 1)
        defer { world.shutdown() }
        let actor = try world.system().spawn(Behavior<Int>.receive { _, _ in .same })
        let cell = Unmanaged.passUnretained(actor.target as AnyObject).toOpaque()
        let symbol = try #require(dlsym(nil, "malloc_usable_size"))
        let size = unsafeBitCast(symbol, to: (@convention(c) (UnsafeMutableRawPointer?) -> Int).self)
        #expect(size(cell) <= 216)
    }
}

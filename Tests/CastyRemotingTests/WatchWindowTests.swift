import CastyActors
import CastyCore
import CastySimulator
import Testing

@testable import CastyRemoting

/// More watches than are under way at a time.
@Suite(.timeLimit(.minutes(10)))
struct WatchWindowTests {
    /// Two nodes; the first will watch all actors of the second.
    private final class Scene {
        let world: SimulatedTestWorld
        let a: TestNode
        let b: TestNode
        let watched: [ActorRef<Int>]
        let references: [ActorRef<Int>]
        let ends = Record<Terminated>()

        init(seed: UInt64, count: Int, _ settings: RemotingSettings = RemotingSettings()) throws {
            world = SimulatedTestWorld(seed: seed)
            // The two are no members, and watch as members may.
            var settings = settings
            settings.nonMemberBytes = 256 << 20
            let (a, b) = (try world.startNow(1, settings), try world.startNow(2, settings))
            (self.a, self.b) = (a, b)
            watched = try (0..<count).map { _ in try b.system.spawn(Behavior<Int>.receive { _, _ in .same }) }
            references = watched.map { a.reference(to: $0) }
            references[0].tell(1)
            world.run(for: .seconds(1))
        }

        /// Watches all, a hundred from each watcher.
        ///
        /// - Parameter change: What a watcher does besides with one it has begun to watch.
        func watchAll(_ change: @escaping @Sendable (ActorContext<Int>, ActorRef<Int>) -> Void = { _, _ in }) throws {
            for start in stride(from: 0, to: references.count, by: 100) {
                let mine = Array(references[start..<start + 100])
                _ = try a.system.spawn(Self.watcher(of: mine, ends, change))
            }
        }

        private static func watcher(
            of references: [ActorRef<Int>], _ ends: Record<Terminated>,
            _ change: @escaping @Sendable (ActorContext<Int>, ActorRef<Int>) -> Void
        ) -> Behavior<Int> {
            .setup { context in
                for reference in references {
                    context.watch(reference)
                    change(context, reference)
                }
                return .receive(
                    { _, _ in .same },
                    onSignal: { _, signal in
                        if case .terminated(let news) = signal { ends.add(news) }
                        return .same
                    })
            }
        }

        private var links: [CastySimulator.Link] {
            [
                world.world.network.link(from: "127.0.0.1", to: "127.0.0.2"),
                world.world.network.link(from: "127.0.0.2", to: "127.0.0.1"),
            ]
        }

        func cut() { for link in links { link.cut() } }

        func heal() { for link in links { link.heal() } }

        func stopAll() { for actor in watched { b.system.stop(actor) } }
    }

    @Test(
        "However many watch and end while the link is cut, each watcher hears of each end exactly once",
        arguments: [UInt64(1), 2], [true, false])
    func beyondTheWindow(seed: UInt64, watchesBeforeTheCut: Bool) throws {
        var settings = RemotingSettings()
        settings.signalLimit = 500
        let scene = try Scene(seed: seed, count: 7_000, settings)
        // Takes back some, and some of those back again.
        let change: @Sendable (ActorContext<Int>, ActorRef<Int>) -> Void = { context, reference in
            if reference.address.uid.isMultiple(of: 5) { context.unwatch(reference) }
            if reference.address.uid.isMultiple(of: 10) { context.watch(reference) }
        }
        if watchesBeforeTheCut {
            try scene.watchAll(change)
            scene.world.run(for: .seconds(10))
        }
        scene.cut()
        if !watchesBeforeTheCut {
            try scene.watchAll(change)
            scene.world.run(for: .seconds(1))
        }
        scene.stopAll()
        scene.world.run(for: .seconds(5))
        #expect(scene.ends.count == 0)
        scene.heal()
        scene.world.run(for: .seconds(30))
        let expected = scene.references.map(\.address.uid).filter { !$0.isMultiple(of: 5) || $0.isMultiple(of: 10) }
        #expect(scene.ends.all.map(\.ref.address.uid).sorted() == expected.sorted(), "seed \(seed)")
        let reason: Terminated.Reason = watchesBeforeTheCut ? .stopped : .noSuchActor
        #expect(scene.ends.all.allSatisfy { $0.reason == reason }, "seed \(seed)")
        #expect(scene.a.waitingSignals(for: scene.b.address) == 0 && scene.b.waitingSignals(for: scene.a.address) == 0)
        scene.world.world.dispose()
    }

    @Test("Seventy thousand ends during a cut are each signalled once")
    func seventyThousand() throws {
        let scene = try Scene(seed: 9_000_050, count: 70_000)
        try scene.watchAll()
        scene.world.run(for: .seconds(30))
        scene.cut()
        scene.stopAll()
        scene.world.run(for: .seconds(5))
        scene.heal()
        scene.world.run(for: .seconds(60))
        #expect(scene.ends.count == 70_000)
        #expect(scene.ends.all.allSatisfy { $0.reason == .stopped })
        #expect(Set(scene.ends.all.map(\.ref.address.uid)).count == 70_000)
        scene.world.world.dispose()
    }
}

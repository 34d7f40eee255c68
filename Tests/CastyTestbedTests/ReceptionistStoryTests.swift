import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastyTestbed
import Synchronization
import Testing

@Suite("Receptionists in the simulated runtime")
struct ReceptionistStoryTests {
    private static let keys = [ServiceKey<Int>("alpha"), ServiceKey<Int>("beta")]

    /// Four nodes on which actors register and end, and that are cut off, killed, started again, and asked to leave.
    private final class Story {
        let testbed: TestCluster
        let settings: ServiceRegistrySettings
        private var generator: SeededGenerator
        /// The registered actors: their node, their key, and a reference.
        private var actors: [(node: UniqueAddress, key: Int, ref: ActorRef<Int>)] = []
        private var receptionists: [UniqueAddress: Receptionist] = [:]
        private static let count = 4

        init(seed: UInt64, _ mutations: ServiceRegistryMutations = []) throws {
            var cluster = TestClusterSettings()
            cluster.samples = []
            testbed = TestCluster(
                world: SimulatedClusterWorld(seed: seed), settings: cluster, checkers: .all)
            var settings = ServiceRegistrySettings()
            settings.pageBytes = 400
            settings.removalLimit = 8
            settings.mutations = mutations
            self.settings = settings
            generator = SeededGenerator(seed: seed).fork("story")
            try testbed.start(Array(1...Self.count))
            try settle()
        }

        deinit { testbed.end() }

        /// Starts the receptionists of nodes that have none yet.
        func open() {
            for node in testbed.running where receptionists[node.system.unique] == nil {
                receptionists[node.system.unique] = node.cluster.receptionist(settings: settings)
            }
        }

        func pass(_ time: Duration) throws {
            open()
            try testbed.advance(until: testbed.now + time)
            open()
        }

        func register(_ count: Int) throws {
            open()
            let running = testbed.running
            let node = running[generator.below(running.count)]
            for _ in 0..<count {
                let key = generator.below(ReceptionistStoryTests.keys.count)
                let ref = try node.system.spawn(Behavior<Int>.ignore)
                try receptionists[node.system.unique]?.register(ref, for: ReceptionistStoryTests.keys[key])
                actors.append((node.system.unique, key, ref))
            }
        }

        /// Anything that may happen.
        func step() throws {
            let running = testbed.running
            guard running.count > 2 else { return try settle() }
            let node = running[generator.below(running.count)]
            switch generator.below(12) {
            case 0...3: try register(1 + generator.below(6))
            case 4, 5:
                for _ in 0...generator.below(4) where !actors.isEmpty {
                    let actor = actors.remove(at: generator.below(actors.count))
                    testbed.running.first { $0.system.unique == actor.node }?.system.stop(actor.ref)
                }
            case 6:
                let others = running.filter { $0 !== node }.map(\.number)
                try testbed.cut([[node.number], others])
                try pass(.milliseconds(200 + generator.below(9000)))
                try testbed.heal()
            case 7:
                try testbed.kill(node.number)
                try pass(.milliseconds(generator.below(9000)))
                try testbed.restart(node.number)
            case 8: try testbed.leave(node.number)
            case 9:
                try testbed.freeze(node.number)
                try pass(.milliseconds(200 + generator.below(3000)))
                if node.state == .frozen { try testbed.thaw(node.number) }
            default: try pass(.milliseconds(generator.below(2000)))
            }
        }

        /// Heals everything, starts every node that does not run, and waits until all agree on the members.
        func settle() throws {
            try testbed.heal()
            let deadline = testbed.now + .seconds(120)
            while testbed.now < deadline {
                let stopped = (1...Self.count).filter { number in
                    guard let state = try? testbed.node(number).state else { return false }
                    return state == .killed || state == .stopped
                }
                for number in stopped { try testbed.restart(number) }
                let all = Set(testbed.running.map(\.system.unique))
                let isDone = testbed.running.allSatisfy { node in
                    Set(node.cluster.state.up.map(\.node)) == all && node.cluster.state.unreachable.isEmpty
                }
                if isDone, all.count == Self.count { return }
                try pass(.milliseconds(500))
            }
            Issue.record("seed \(testbed.world.seed ?? 0): the members do not agree")
        }

        /// The first node that lists other actors than those that are there; `nil` where all are right.
        var difference: String? {
            let running = Set(testbed.running.map(\.system.unique))
            for (index, key) in ReceptionistStoryTests.keys.enumerated() {
                let right = Set(actors.filter { $0.key == index && running.contains($0.node) }.map(\.ref.description))
                for node in testbed.running {
                    let listing = receptionists[node.system.unique]?.find(key)
                    let shown = Set(listing?.all.map(\.description) ?? [])
                    let name = "\(node.name) on \(key.name)"
                    if shown != right {
                        return
                            "\(name): \(right.subtracting(shown).count) missing, \(shown.subtracting(right).count) too many"
                    }
                    if listing?.reachable != listing?.all { return "\(name): some are unreachable" }
                }
            }
            return nil
        }

        /// The listings that a node shows, in their order.
        func order(of key: ServiceKey<Int>) -> Set<[String]> {
            Set(testbed.running.map { receptionists[$0.system.unique]?.find(key).all.map(\.description) ?? [] })
        }

        func run(steps: Int = 14) throws -> String? {
            for _ in 0..<steps { try step() }
            try settle()
            try register(3)
            try pass(.seconds(12))
            return difference
        }
    }

    @Test(
        "after cuts, crashes, restarts and leaves all nodes list exactly the actors that are there",
        arguments: 1...56 as ClosedRange<UInt64>)
    func agreement(seed: UInt64) throws {
        let story = try Story(seed: seed)
        let difference = try story.run()
        #expect(difference == nil, "seed \(seed)")
        for key in Self.keys { #expect(story.order(of: key).count == 1, "seed \(seed): the order differs") }
    }

    @Test(
        "that check sees each deliberate bug", .enabled(if: ServiceRegistryMutation.areCompiledIn),
        arguments: [ServiceRegistryMutation.keepsRemovedMembers, .outlivesActors])
    func mutations(mutation: ServiceRegistryMutation) throws {
        let story = try Story(seed: 1, [mutation])
        #expect(try story.run() != nil, "\(mutation)")
    }

    @Test("unreachable members stay in a listing, and are not listed as reachable", arguments: [false, true])
    func reachability(isBroken: Bool) throws {
        guard !isBroken || ServiceRegistryMutation.areCompiledIn else { return }
        let story = try Story(seed: 3, isBroken ? [.ignoresReachability] : [])
        for _ in 0..<12 { try story.register(1) }
        try story.pass(.seconds(2))
        try story.testbed.cut([[4], [1, 2, 3]])
        let first = try story.testbed.node(1)
        let isMarked = try story.testbed.advance(until: story.testbed.now + .seconds(8)) {
            !first.cluster.state.unreachable.isEmpty
        }
        try #require(isMarked)
        try story.pass(.milliseconds(100))
        let listings = Self.keys.map { first.cluster.receptionist.find($0) }
        let fourth = try story.testbed.node(4).system.address
        let all = listings.flatMap(\.all)
        #expect(all.count == 12)
        #expect(all.contains { $0.address.node == fourth })
        #expect(listings.flatMap(\.reachable).contains { $0.address.node == fourth } == isBroken)
    }

    @Test("a subscriber gets the same listings at the same times in every run of one seed")
    func determinism() throws {
        func listings(seed: UInt64) throws -> [String] {
            let story = try Story(seed: seed)
            let node = try story.testbed.node(2)
            let heard = Mutex<[String]>([])
            let clock = story.testbed.world.clock
            for key in ReceptionistStoryTests.keys {
                _ = node.cluster.receptionist(settings: story.settings).subscribe(key) { listing in
                    heard.withLock { $0.append("\(clock().nanoseconds) \(key.name) \(listing.all)") }
                }
            }
            for _ in 0..<6 { try story.register(2) }
            try story.pass(.seconds(3))
            try story.testbed.kill(4)
            try story.pass(.seconds(15))
            return heard.withLock { $0 }
        }
        let first = try listings(seed: 9)
        #expect(first.count > 2)
        #expect(try listings(seed: 9) == first)
    }
}

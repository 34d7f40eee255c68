import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastySharding
import CastyTestbed
import Synchronization
import Testing

@Suite("Singletons with a state, in the simulated world")
struct SingletonStateTests {
    enum Count: Codable, Sendable {
        case add(replyTo: ActorRef<Int>)
        case get(replyTo: ActorRef<Int>)
        case remind(seconds: Int)
        case due
    }

    enum Medium: CaseIterable, Sendable { case memory, disk, events }

    /// What an asker and the oracle noted.
    private final class Notes: Sendable {
        let violations = Mutex<[String]>([])
        /// The answers to additions, by the number of the question; `nil` where it failed.
        let answers = Mutex<[Int: Int?]>([:])
        let failures = Mutex<[String]>([])
        /// The node on which a handler ran last.
        let latest = Mutex("")
    }

    /// A cluster with a singleton that counts, and an asker that notes what it was told.
    private final class Story {
        let testbed: TestCluster
        let notes = Notes()
        private let medium: Medium
        private let ignoresFences: Bool
        private let memory = InMemoryEntityStore()
        private let oracle: DurableOracle
        private var references: [Int: SingletonRef<Count>] = [:]
        /// How many additions were asked for.
        private var asked = 0

        init(_ medium: Medium, seed: UInt64 = 3, nodes: Int = 3, ignoresFences: Bool = false) throws {
            var settings = TestClusterSettings()
            settings.samples = []
            settings.remembersCluster = true
            (self.medium, self.ignoresFences) = (medium, ignoresFences)
            oracle = DurableOracle { [notes] id, _, text in notes.violations.withLock { $0.append("\(id): \(text)") } }
            testbed = TestCluster(world: SimulatedClusterWorld(seed: seed), settings: settings, checkers: .all)
            try testbed.start(Array(1...nodes))
            for number in 1...nodes { try join(number) }
            try whenUp(nodes)
        }

        deinit { testbed.end() }

        func whenUp(_ nodes: Int) throws {
            try pass(.seconds(60)) {
                self.testbed.running.count == nodes
                    && self.testbed.running.allSatisfy { $0.cluster.state.up.count == nodes }
            }
        }

        /// The store of a node: each call takes 200 ms where it is on the simulated disk.
        private func store(of node: TestNode) -> any RemindingEventStore {
            if medium == .memory { return memory }
            let scheduler = node.cluster.system.world.scheduler
            let journals = JournalStore(testbed.disk, node: node.name, oracle: oracle, ignoresFences: ignoresFences) {
                await withUnsafeContinuation { continuation in
                    _ = scheduler.schedule(after: .milliseconds(100)) { continuation.resume() }
                }
            }
            return RemindingJournalStore(journals)
        }

        func join(_ number: Int) throws {
            let node = try testbed.node(number)
            let (store, notes, name, medium) = (store(of: node), notes, node.name, medium)
            references[number] = try node.cluster.singleton.start(
                name: "totals", state: medium == .events ? .eventSourced(store) : .durable(store), of: Count.self
            ) { singleton in
                medium == .events ? Self.eventSourced(singleton, notes, name) : Self.durable(singleton, notes, name)
            }
        }

        private static func durable(
            _ singleton: EntityContext, _ notes: Notes, _ name: String
        ) -> Behavior<Count> {
            .durable(singleton, 0) { total, _, message in
                notes.latest.withLock { $0 = name }
                switch message {
                case .add(let replyTo):
                    total += 1
                    replyTo.tell(total)
                case .get(let replyTo): replyTo.tell(total)
                case .remind(let seconds):
                    try singleton.remind("due", at: singleton.wallTime + .seconds(seconds), Count.due)
                case .due: total += 1000
                }
                return .same
            }
        }

        private static func eventSourced(
            _ singleton: EntityContext, _ notes: Notes, _ name: String
        ) -> Behavior<Count> {
            .eventSourced(singleton, 0, snapshots: .every(5)) { _, _, message in
                notes.latest.withLock { $0 = name }
                switch message {
                case .add(let replyTo): return .persist(1).then { replyTo.tell($0) }
                case .get(let replyTo): return .none.then { replyTo.tell($0) }
                case .remind(let seconds):
                    try singleton.remind("due", at: singleton.wallTime + .seconds(seconds), Count.due)
                    return .none
                case .due: return .persist(1000)
                }
            } apply: { total, change in
                total += change
            }
        }

        func pass(_ limit: Duration, until condition: () -> Bool) throws {
            let held = try testbed.advance(until: testbed.now + limit, unless: condition)
            #expect(held, "at \(testbed.now)")
        }

        func pass(_ time: Duration) throws { try testbed.advance(until: testbed.now + time) }

        func tell(_ message: Count, via number: Int) { references[number]?.tell(message) }

        /// Asks for one more, and does not wait.
        func add(via number: Int) {
            asked += 1
            let question = asked
            references[number]?.ask(within: .seconds(5), { .add(replyTo: $0) }) {
                [notes] (result: Result<Int, AskError>) in
                if case .failure(let error) = result { notes.failures.withLock { $0.append("\(question): \(error)") } }
                let answer: Int? = if case .success(let total) = result { total } else { nil }
                notes.answers.withLock { _ = $0.updateValue(answer, forKey: question) }
            }
        }

        /// Asks for one more, again and again, and waits for each answer.
        func add(_ count: Int, via numbers: [Int]) throws {
            for turn in 0..<count {
                add(via: numbers[turn % numbers.count])
                try pass(.seconds(10)) { self.notes.answers.withLock { $0.keys.contains(self.asked) } }
            }
        }

        func total(via number: Int) throws -> Int {
            let answer = Mutex<Result<Int, AskError>?>(nil)
            references[number]?.ask(within: .seconds(60), { .get(replyTo: $0) }) {
                (result: Result<Int, AskError>) in answer.withLock { $0 = result }
            }
            try pass(.seconds(61)) { answer.withLock { $0 } != nil }
            return try #require(answer.withLock { $0 }).get()
        }

        /// What was acknowledged is there, none twice, and nothing that was not asked for.
        func checkBooks(via number: Int) throws {
            let answers = notes.answers.withLock { $0 }
            // In the order of the questions, each of which waited for the answer to the one before.
            let acknowledged = answers.keys.sorted().compactMap { answers[$0] ?? nil }
            #expect(acknowledged.count > asked / 2, "\(notes.failures.withLock { $0 })")
            #expect(zip(acknowledged, acknowledged.dropFirst()).allSatisfy { $0 < $1 }, "\(acknowledged)")
            let total = try total(via: number)
            #expect((acknowledged.last ?? 0)...asked ~= total, "\(total) of \(asked): \(acknowledged)")
            #expect(total >= acknowledged.count)
            #expect(notes.violations.withLock { $0 } == [])
        }
    }

    @Test("its state moves with it when its node leaves", arguments: Medium.allCases)
    func leave(medium: Medium) throws {
        let story = try Story(medium)
        try story.add(12, via: [1, 2, 3])
        #expect(story.notes.latest.withLock { $0 } == "n1")
        try story.testbed.leave(1)
        // A question that is under way to a node that leaves may fail.
        try story.pass(.seconds(3))
        try story.add(6, via: [2, 3])
        #expect(story.notes.latest.withLock { $0 } == "n2")
        #expect(story.notes.failures.withLock { $0 } == [])
        let answers = story.notes.answers.withLock { $0 }
        #expect(answers.keys.sorted().map { answers[$0] ?? nil } == Array(1...18))
        try story.checkBooks(via: 3)
    }

    @Test(
        "its state is there after its node was killed in the middle of a save", arguments: Medium.allCases, [1, 2, 3])
    func kill(medium: Medium, seed: UInt64) throws {
        let story = try Story(medium, seed: seed)
        try story.add(7, via: [1, 2, 3])
        story.add(via: 2)
        try story.pass(.milliseconds(60 * Int(seed)))
        try story.testbed.kill(1)
        try story.add(7, via: [2, 3])
        #expect(story.notes.latest.withLock { $0 } == "n2")
        try story.checkBooks(via: 3)
    }

    @Test(
        "a node that hangs in the middle of a save overwrites nothing when it wakes up",
        arguments: Medium.allCases, [1, 2, 3])
    func freeze(medium: Medium, seed: UInt64) throws {
        let story = try Story(medium, seed: seed)
        try story.add(7, via: [1, 2, 3])
        story.add(via: 1)
        try story.pass(.milliseconds(50))
        try story.testbed.freeze(1)
        try story.add(5, via: [2, 3])
        #expect(story.notes.latest.withLock { $0 } == "n2")
        try story.testbed.thaw(1)
        try story.add(5, via: [2, 3])
        try story.checkBooks(via: 3)
    }

    @Test("without fences that node would overwrite what the next one has saved: the checks see it")
    func unfenced() throws {
        let story = try Story(.disk, ignoresFences: true)
        try story.add(7, via: [1, 2, 3])
        story.add(via: 1)
        try story.pass(.milliseconds(50))
        try story.testbed.freeze(1)
        try story.add(5, via: [2, 3])
        try story.testbed.thaw(1)
        try story.pass(.seconds(1))
        #expect(story.notes.violations.withLock { $0 }.contains { $0.hasPrefix("K1: n1 wrote") })
    }

    @Test("its state and its reminders outlive the whole cluster", arguments: Medium.allCases)
    func clusterEnds(medium: Medium) throws {
        let story = try Story(medium)
        try story.add(5, via: [1, 2, 3])
        story.tell(.remind(seconds: 60), via: 1)
        try story.pass(.seconds(2))
        for number in 1...3 { try story.testbed.kill(number) }
        try story.pass(.seconds(10))
        for number in 1...3 { try story.testbed.restart(number) }
        try story.whenUp(3)
        for number in 1...3 { try story.join(number) }
        #expect(try story.total(via: 2) == 5)
        try story.pass(.seconds(70))
        #expect(try story.total(via: 2) == 1005)
        #expect(story.notes.violations.withLock { $0 } == [])
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastySharding
import CastyTestbed
import Synchronization
import Testing

/// What singletons did, in the order in which they did it.
private final class ActionLog: Sendable {
    struct RecordedCommand: Sendable {
        let node: String
        let incarnation: Int
        let word: String
    }

    private let actions = Mutex<(incarnations: Int, list: [RecordedCommand])>((0, []))

    func begin() -> Int {
        actions.withLock { actions in
            actions.incarnations += 1
            return actions.incarnations
        }
    }

    func add(_ node: String, _ incarnation: Int, _ word: String) {
        actions.withLock { $0.list.append(RecordedCommand(node: node, incarnation: incarnation, word: word)) }
    }

    var all: [RecordedCommand] { actions.withLock { $0.list } }

    /// Who acted last.
    var latest: String? { all.last?.node }

    /// An incarnation that acted again after another one had; that is two of them at one time.
    var overlap: String? {
        var former: Set<Int> = []
        var present = 0
        for action in all where action.incarnation != present {
            if former.contains(action.incarnation) {
                return "incarnation \(action.incarnation) on \(action.node) acted again: \(action.word)"
            }
            former.insert(present)
            present = action.incarnation
        }
        return nil
    }
}

@Suite("Singletons in the simulated world")
struct SingletonStoryTests {
    /// A cluster in which every node takes part in a singleton that acts by itself twenty times a second.
    private final class Story {
        let testbed: TestCluster
        let actions = ActionLog()
        var references: [Int: SingletonRef<EntityCommand>] = [:]

        init(seed: UInt64, nodes: Int) throws {
            testbed = TestCluster(
                world: SimulatedClusterWorld(seed: seed), settings: TestClusterSettings(), checkers: .all)
            try testbed.start(Array(1...nodes))
            for number in 1...nodes { try join(number) }
            try pass(.seconds(30)) { self.testbed.running.allSatisfy { $0.cluster.state.up.count == nodes } }
            try pass(.seconds(5)) { self.actions.latest == "n1" }
        }

        deinit { testbed.end() }

        func join(_ number: Int) throws {
            let node = try testbed.node(number)
            let (actions, name) = (actions, node.name)
            references[number] = try node.cluster.singleton.start(name: "clock", of: EntityCommand.self) {
                .setup { context in
                    let incarnation = actions.begin()
                    context.timers.start("tick", EntityCommand(number: 0, text: "tick"), every: .milliseconds(50))
                    return .receive { _, command in
                        actions.add(name, incarnation, command.text)
                        command.replyTo?.tell(EntityReply(name))
                        return .same
                    }
                }
            }
        }

        /// Lets time pass until the condition holds, which it must.
        func pass(_ limit: Duration, until condition: () -> Bool) throws {
            let held = try testbed.advance(until: testbed.now + limit, unless: condition)
            #expect(held, "seed \(testbed.world.seed ?? 0), at \(testbed.now): \(actions.latest ?? "none") acts")
        }

        func pass(_ time: Duration) throws { try testbed.advance(until: testbed.now + time) }
    }

    @Test(
        "the next oldest takes over after a leave, without a pause of a second, and no message is lost",
        arguments: [1, 2, 3])
    func leave(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 3)
        try story.testbed.leave(1)
        for number in 1...50 {
            story.references[3]?.tell(EntityCommand(number: 0, text: "reported \(number)"))
            try story.pass(.milliseconds(20))
        }
        #expect(story.actions.latest == "n2")
        try story.pass(.seconds(10)) { story.testbed.running.count == 2 }
        let reported = story.actions.all.map(\.word).filter { $0.hasPrefix("reported") }
        #expect(reported.sorted() == (1...50).map { "reported \($0)" }.sorted())
        #expect(story.actions.overlap == nil)
    }

    @Test(
        "after a crash the next oldest takes over when the dead one is removed, with the messages sent meanwhile",
        arguments: [1, 2])
    func kill(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 3)
        try story.testbed.kill(1)
        let before = story.actions.all.count
        try story.pass(.seconds(2))
        story.references[3]?.tell(EntityCommand(number: 0, text: "reported"))
        try story.pass(.seconds(1))
        #expect(story.actions.all.count == before)
        try story.pass(.seconds(12)) { story.actions.latest == "n2" }
        try story.pass(.seconds(1)) { story.actions.all.contains { $0.word == "reported" && $0.node == "n2" } }
        #expect(story.actions.overlap == nil)
    }

    @Test("cut off from the majority it stops acting before another one acts", arguments: [1, 2, 3])
    func partition(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 5)
        try story.testbed.cut([[1, 2], [3, 4, 5]])
        try story.pass(.seconds(20)) { story.actions.latest == "n3" }
        try story.testbed.heal()
        try story.pass(.seconds(10))
        #expect(story.actions.latest == "n3")
        #expect(story.actions.overlap == nil)
    }

    @Test("a node that hangs and wakes up does not act once more", arguments: [1, 2])
    func freeze(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 3)
        try story.testbed.freeze(1)
        try story.pass(.seconds(20)) { story.actions.latest == "n2" }
        try story.testbed.thaw(1)
        try story.pass(.seconds(3))
        #expect(story.actions.latest == "n2")
        #expect(story.actions.overlap == nil)
    }

    @Test("it answers through every node")
    func ask() throws {
        let story = try Story(seed: 4, nodes: 3)
        let answers = Mutex<[String]>([])
        for number in 1...3 {
            story.references[number]?.ask(
                within: .seconds(5), { EntityCommand(number: 0, text: "who", replyTo: $0) },
                completion: { (result: Result<EntityReply, AskError>) in
                    answers.withLock { $0.append((try? result.get().text) ?? "none") }
                })
        }
        try story.pass(.seconds(2)) { answers.withLock { $0.count } == 3 }
        #expect(answers.withLock { $0 } == ["n1", "n1", "n1"])
    }
}

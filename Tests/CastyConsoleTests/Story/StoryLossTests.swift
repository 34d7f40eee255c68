import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("What a story says of lost messages")
struct StoryLossTests {
    private static let target = "casty://casty@127.0.0.2:25520/sharding/account"

    /// n2 was frozen and thawed; the cluster had lost five messages before.
    private static func freeze(losing lost: UInt64) -> StoryScript {
        var script = StoryScript(["n1": [1], "n2": [2]])
        script.lost = 5
        script.look(4)
        script.on(4.1, EventID.testbed, .nodeFrozen, "n2")
        script.look(4.2)
        script.lost = 5 + lost
        script.on(4.5, EventID.testbed, .nodeThawed, "n2")
        script.look(4.6)
        return script
    }

    @Test("losses of which no event tells are counted")
    func untold() {
        #expect(Self.freeze(losing: 0).sentence.hasSuffix("no message lost"))
        let script = Self.freeze(losing: 88)
        #expect(script.sentence.hasSuffix("88 messages lost meanwhile") && !script.sentence.contains("no message"))
        #expect(
            script.story?.outcome.map(\.what).last == "88 messages lost: no event of this story says why")
        // The number is said once.
        #expect(script.story?.outcome.filter { $0.what.contains("88") }.count == 1)
        let pane = script.story.map { WhyStory.lines($0).map(\.text) } ?? []
        #expect(pane.last == "88 messages lost: no event of this story says why", "\(pane)")
        let quiet = Self.freeze(losing: 0).story.map { WhyStory.lines($0).map(\.text) } ?? []
        #expect(quiet.last?.hasSuffix("no message lost") == true, "\(quiet)")
    }

    @Test("losses that become known after the end are counted")
    func late() {
        var script = Self.freeze(losing: 0)
        #expect(script.story?.isOpen == false)
        script.lost += 1
        script.on(6, "n1", .messageLost, to: Self.target, reason: .lost(.ledger(.unreachable)))
        script.look(6.1)
        #expect(script.sentence.hasSuffix("; 1 message lost") && script.story?.lost == 1)
        // What is lost long after the end is no part of it.
        script.lost += 10
        script.look(40)
        #expect(script.sentence.hasSuffix("; 1 message lost"))
    }

    @Test("what was lost over a link that was cut one way is explained by the cut")
    func oneWay() {
        var script = StoryScript(["n1": [], "n2": [], "n3": []])
        script.look(2)
        script.on(2, EventID.testbed, .cut, from: "n1", to: "n2")
        script.on(3, "n1", .messageLost, to: Self.target, reason: .lost(.ledger(.unreachable)))
        script.on(3, "n3", .messageLost, to: Self.target, reason: .lost(.ledger(.unreachable)))
        script.lost = 2
        script.on(4, EventID.testbed, .healed, from: "n1", to: "n2")
        script.look(4.1)
        #expect(script.story?.lost == 1)
        #expect(script.sentence.hasSuffix("2 messages lost meanwhile"))
    }

    @Test("the sentence tells its steps in the order of the times that it says")
    func order() {
        var script = StoryScript.kill()
        script.removal()
        #expect(script.sentence.contains("all agree 13.5 → leases end 16.4"))
    }

    @Test("after a step back, the story and the rows have counted what was lost up to there, each loss")
    func stepBack() {
        var console = Fixture(nodes: 3)
        console.run(10)
        console.cluster.silence(2, .killed)
        for _ in 0..<3 {
            for _ in 0..<30 {
                console.cluster.note("n1", .messageLost, to: Self.target, reason: .lost(.ledger(.unreachable)))
            }
            console.cluster.lost += 30
            console.run(1)
        }
        let past = console.cluster
        let before = console.feed
        console.run(1)
        console.cluster.lost += 30
        for _ in 0..<30 {
            console.cluster.note("n1", .messageLost, to: Self.target, reason: .lost(.ledger(.unreachable)))
        }
        console.run(5)
        #expect(console.feed.stories.stories.last?.lost == 120)
        console.feed.take(past.snapshot())
        #expect(console.feed.stories.stories.last?.lost == 90)
        #expect(console.feed.stories.stories.last?.lostMeanwhile == 90)
        let counts = [before, console.feed].map { feed in
            feed.log.entries.map { feed.log.group(of: $0.number).count }.filter { $0 > 20 }
        }
        #expect(counts == [[90], [90]])
        #expect(
            console.feed.stories.stories.last?.sentence(columns: 1000, rows: 1).joined()
                == before.stories.stories.last?.sentence(columns: 1000, rows: 1).joined())
    }
}

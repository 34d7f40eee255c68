import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("What a story tells of entities")
struct StoryEntityTests {
    private static let type = EventDetail.type("account")

    @Test("a node that comes stops the entities of the shards that it gets; each handoff counts once")
    func restart() {
        var script = StoryScript(["n1": [1, 2, 3], "n2": []])
        script.states["n2"] = .stopped
        script.look(10)
        script.on(10, EventID.testbed, .nodeStarted, "n2")
        script.on(10.2, "n1", .memberUp, "n2", reason: .membership(.leaderAction(version: 9)))
        script.states = [:]
        script.look(10.3)
        for shard in [2, 3] {
            for time in [11.0, 11.1] {
                script.on(
                    time, "n1", .handoffBegun, shard: shard, from: "n1", to: "n2", reason: .move(.rebalance),
                    detail: Self.type)
            }
            script.on(12, "n1", .shardMoved, shard: shard, from: "n1", to: "n2", detail: Self.type)
        }
        script.look(18)
        #expect(
            script.sentence
                == "n2 restarted 10.0 → up 10.2 → 2 shards to n2; 8 entities start again with their next message; "
                + "no message lost")
    }

    @Test("a shard that a person moves is a story with its entities; one that is balanced is none")
    func move() {
        var script = StoryScript(["n1": [12, 13], "n2": [14]])
        script.entitiesPerShard = 1
        script.look(5)
        script.on(
            5, "n1", .handoffBegun, shard: 13, from: "n1", to: "n2", reason: .move(.rebalance), detail: Self.type)
        #expect(script.book.stories.isEmpty)
        script.on(6, "n1", .handoffBegun, shard: 12, from: "n1", to: "n2", reason: .move(.pin), detail: Self.type)
        script.look(6.1)
        #expect(script.story?.isOpen == true)
        #expect(
            script.sentence
                == "shard 12 moves 6.0 → 1 shard waits for a new home; 1 entity starts again with its next message")
        script.on(6.4, "n1", .shardMoved, shard: 12, from: "n1", to: "n2", detail: Self.type)
        script.look(6.5)
        #expect(script.story?.isOpen == false)
        #expect(
            script.sentence
                == "shard 12 moves 6.0 → 1 shard to n2; 1 entity starts again with its next message; no message lost")
        #expect(script.story?.lines.first?.what == "shard 12 moves to another node")
        #expect(script.story?.lines.first?.cause == "you")
    }

    @Test(
        "the state of entities without a store is lost, which the story says; where a store is not known, it says nothing"
    )
    func state() {
        for (isStored, says) in [(false, true), (true, false), (nil, false)] {
            var script = StoryScript(["n1": [1], "n3": [3, 4]])
            script.isStored = isStored
            script.look(8.9)
            script.on(9.0, EventID.testbed, .nodeKilled, "n3")
            script.look(9.1)
            #expect(
                script.sentence.contains("state lost without a store: 8 of type account") == says, "\(script.sentence)")
        }
    }
}

import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("The story of a fault")
struct FaultStoryTests {
    @Test("a kill is reported from the crash to the new homes of its shards")
    func kill() {
        var script = StoryScript.kill()
        #expect(
            script.sentence
                == "n3 killed 9.0 → suspected 10.3 → unreachable 10.4 (n1 n2 n4 n5) → 5 shards wait for a new home; "
                + "20 entities gone until their next message")
        for _ in 0..<3 {
            script.on(
                12, "n5", .messageLost, to: "casty://casty@127.0.0.3:25520/sharding/account",
                reason: .lost(.ledger(.unreachable)))
        }
        script.removal()
        #expect(script.story?.isOpen == true)
        script.moves()
        script.look(16.5)
        #expect(script.story?.ended == StoryScript.instant(16.4))
        #expect(
            script.sentence
                == "n3 killed 9.0 → suspected 10.3 → unreachable 10.4 (n1 n2 n4 n5) → down 13.4 (keep-majority, 4 of 5) "
                + "→ leases end 16.4 → 5 shards to n1 n2 n4 n5; 20 entities gone until their next message; "
                + "3 messages lost")
    }

    @Test("each step has its time, its cause in words, and stands after the one before it")
    func lines() {
        var script = StoryScript.kill()
        script.removal()
        script.moves()
        script.look(16.5)
        let lines = script.story?.lines ?? []
        #expect(lines.map(\.time) == lines.map(\.time).sorted())
        #expect(
            lines.map(\.what) == [
                "n3 killed: a crash, no goodbye", "n3 suspected by n1 n2 n4 n5", "n3 unreachable for n1 n2 n4 n5",
                "n1 decides: n3 must go", "n3 down for n1", "n3 removed from the membership",
                "5 shards wait until 16.4", "n1 n2 n4 n5 agree", "5 shards run on n1 (2) n2 (1) n4 (1) n5 (1)",
            ])
        #expect(lines.first?.cause == "you")
        #expect(lines.first { $0.what == "n1 n2 n4 n5 agree" }?.cause == "n3 is removed everywhere")
        #expect(lines.allSatisfy { !$0.cause.isEmpty && !$0.cause.contains("#") && !$0.cause.contains("/") })
        #expect(script.story?.outcome.map(\.what).last == "no message lost")
    }

    @Test("what is not known is left out")
    func unknown() {
        var script = StoryScript(["n1": [], "n2": []])
        script.look(1)
        script.on(2, EventID.testbed, .nodeKilled, "n2")
        #expect(script.sentence == "n2 killed 2.0")
        script.gone = ["n2"]
        script.states["n2"] = .killed
        script.look(3, dropped: 7)
        // The console missed events: nothing is said about losses.
        #expect(script.story?.isOpen == false && script.sentence == "n2 killed 2.0")
    }

    @Test("a node that was frozen and answers again ends the story without a removal")
    func freeze() {
        var script = StoryScript(["n1": [1], "n2": [2]])
        script.look(4)
        script.on(4.1, EventID.testbed, .nodeFrozen, "n2")
        script.states["n2"] = .frozen
        script.on(5.4, "n1", .suspected, "n2", reason: .membership(.silence(phi: 4, silence: .seconds(1.4))))
        script.on(5.5, "n1", .memberUnreachable, "n2", reason: .membership(.silence(phi: 8, silence: .seconds(1.5))))
        script.unreachable = ["n2"]
        script.look(5.5)
        script.on(5.6, EventID.testbed, .nodeThawed, "n2")
        script.states["n2"] = .running
        script.look(5.6)
        #expect(script.story?.isOpen == true)
        script.on(5.7, "n1", .memberReachable, "n2", reason: .membership(.heartbeat))
        script.unreachable = []
        script.look(5.7)
        #expect(
            script.sentence
                == "n2 frozen 4.1 → suspected 5.4 → unreachable 5.5 (n1) → thawed 5.6 → reachable again 5.7 → "
                + "no shard moved; no message lost")
    }

    @Test("a freeze that nothing came of is over with the thaw")
    func shortFreeze() {
        var script = StoryScript(["n1": [], "n2": []])
        script.look(4)
        script.on(4.1, EventID.testbed, .nodeFrozen, "n2")
        script.look(4.2)
        #expect(script.story?.isOpen == true)
        script.on(4.3, EventID.testbed, .nodeThawed, "n2")
        script.look(4.4)
        #expect(script.story?.isOpen == false)
    }

    @Test("a split names both sides, the side that goes, and what it hosted")
    func cut() {
        var script = StoryScript(["n1": [1], "n2": [2], "n3": [3], "n4": [], "n5": []])
        script.look(2)
        for (one, other) in [("n1", "n3"), ("n1", "n4"), ("n1", "n5"), ("n2", "n3"), ("n2", "n4"), ("n2", "n5")] {
            script.on(2, EventID.testbed, .cut, from: one, to: other)
            script.on(2, EventID.testbed, .cut, from: other, to: one)
        }
        #expect(script.book.stories.count == 1)
        script.on(3.4, "n1", .memberUnreachable, "n3", reason: .membership(.silence(phi: 8, silence: .seconds(1.5))))
        script.on(3.5, "n3", .memberUnreachable, "n1", reason: .membership(.silence(phi: 8, silence: .seconds(1.5))))
        script.on(4, "n1", .note, reason: .notice(.lease), detail: .sharding(type: "account", .leaseLapsed))
        script.on(
            5, "n3", .downingDecision, reason: .downing(.majority(.stays(.init(3, of: 5), byLowestAddress: false))),
            detail: .downs(["n1", "n2"]))
        script.on(5, "n3", .memberDown, "n1", reason: .membership(.downing))
        script.on(5, "n3", .memberRemoved, "n1", detail: .lastStatus(.down))
        script.on(
            5, "n1", .downingDecision, reason: .downing(.majority(.tooFew(.init(2, of: 5)))),
            detail: .downs(["n1", "n2"]))
        script.on(5, EventID.testbed, .nodeStopped, "n1", reason: .stopped(.downed))
        script.states = ["n1": .stopped, "n2": .stopped]
        script.look(5.1)
        script.on(8, "n4", .shardStarted, shard: 1, detail: .type("account"))
        script.on(8, "n5", .shardStarted, shard: 2, detail: .type("account"))
        script.look(8.1)
        #expect(
            script.sentence
                == "n1 n2 cut off from n3 n4 n5 2.0 → each side finds the other unreachable 3.4 → n1 pauses its "
                + "entities 4.0 → n1 n2 down 5.0 (keep-majority, 3 of 5) → n1 n2 give up 5.0 "
                + "(keep-majority, 2 of 5) → n1 stopped 5.0 (downed) → 2 shards to n4 n5; 8 entities gone until their "
                + "next message; no message lost")
        #expect(script.story?.isOpen == false)
    }

    @Test("a cut that heals in time ends when all see each other again")
    func heal() {
        var script = StoryScript(["n1": [], "n2": []])
        script.look(2)
        script.on(2, EventID.testbed, .cut, from: "n1", to: "n2")
        script.on(3, "n2", .memberUnreachable, "n1", reason: .membership(.silence(phi: 8, silence: .seconds(1.5))))
        script.unreachable = ["n1"]
        script.look(3)
        script.on(4, EventID.testbed, .healed, from: "n1", to: "n2")
        script.look(4)
        script.on(4.1, "n2", .memberReachable, "n1", reason: .membership(.heartbeat))
        script.unreachable = []
        script.look(4.2)
        #expect(
            script.sentence
                == "n1 cut one way to n2 2.0 → n1 unreachable 3.0 (n2) → healed 4.0 → reachable again 4.1 → "
                + "no message lost")
    }

    @Test("a node that leaves hands over; one that is drained stays")
    func handover() {
        var script = StoryScript(["n1": [1], "n2": [2, 3]])
        script.look(5)
        script.on(5, "n2", .memberLeaving, "n2", reason: .membership(.command))
        script.on(5, "n1", .memberLeaving, "n2", reason: .membership(.gossip(from: "n2", version: 9)))
        for shard in [2, 3] {
            script.on(5.1, "n1", .shardMoved, shard: shard, from: "n2", to: "n1", detail: .type("account"))
        }
        script.on(5.2, "n1", .memberRemoved, "n2", detail: .lastStatus(.exiting))
        script.on(5.3, EventID.testbed, .nodeStopped, "n2", reason: .stopped(.left))
        script.look(5.4)
        #expect(
            script.sentence
                == "n2 leaves 5.0 → stopped 5.3 (left) → 2 shards to n1; 8 entities start again with their next "
                + "message; no message lost")

        script = StoryScript(["n1": [1], "n2": [2, 3]])
        script.look(5)
        script.on(5, "n1", .handoffBegun, shard: 2, from: "n2", reason: .move(.drain), detail: .type("account"))
        script.on(5, "n1", .handoffBegun, shard: 3, from: "n2", reason: .move(.drain), detail: .type("account"))
        script.on(5.1, "n1", .shardMoved, shard: 2, from: "n2", to: "n1", detail: .type("account"))
        script.look(5.1)
        #expect(script.sentence.hasPrefix("n2 drained 5.0 → 1 shard to n1, 1 still waits"))
        script.on(5.2, "n1", .shardMoved, shard: 3, from: "n2", to: "n1", detail: .type("account"))
        script.look(5.2)
        #expect(script.story?.isOpen == false && script.book.stories.count == 1)
    }

    @Test("a node that comes back is a story of its own, with the shards that it gets")
    func restart() {
        var script = StoryScript(["n1": [1, 2], "n2": []])
        script.states["n2"] = .stopped
        script.look(10)
        script.on(10, EventID.testbed, .nodeStarted, "n2")
        script.on(10.1, "n1", .memberJoining, "n2", reason: .membership(.join))
        script.on(10.2, "n1", .memberUp, "n2", reason: .membership(.leaderAction(version: 9)))
        script.states = [:]
        script.look(10.3)
        #expect(script.story?.isOpen == true)
        script.on(12, "n1", .shardMoved, shard: 2, from: "n1", to: "n2", detail: .type("account"))
        script.look(12.1)
        script.look(18)
        #expect(script.story?.isOpen == false)
        #expect(script.sentence == "n2 restarted 10.0 → joining 10.1 → up 10.2 → 1 shard to n2; no message lost")
    }

    @Test("a node that falls silent without a known fault is a story too, and a message to it is lost by that")
    func silence() {
        var script = StoryScript(["n1": [], "n2": []])
        script.look(9)
        script.on(10, "n1", .memberUnreachable, "n2", reason: .membership(.silence(phi: 8, silence: .seconds(1.5))))
        script.on(
            11, "n1", .messageLost, to: "casty://casty@127.0.0.2:25520/sharding/account",
            reason: .lost(.ledger(.unreachable)))
        script.on(
            11, "n1", .messageLost, to: "casty://casty@127.0.0.1:25520/sharding/account",
            reason: .lost(.ledger(.shutdown)))
        #expect(script.sentence == "n2 silent, no fault known → unreachable 10.0 (n1) → 1 message lost")
    }

    @Test("a story of which nothing more is heard ends after a minute, and says so")
    func patience() {
        var script = StoryScript.kill()
        script.look(80)
        #expect(script.story?.isOpen == false && script.story?.isUnfinished == true)
        #expect(script.sentence.hasSuffix("nothing more for a minute"))
    }

    @Test("two nodes that are killed together are one story, another kill is another one")
    func several() {
        var script = StoryScript.kill()
        script.on(9.01, EventID.testbed, .nodeKilled, "n4")
        #expect(script.book.stories.count == 1 && script.story?.victims == ["n3", "n4"])
        script.on(11, EventID.testbed, .nodeKilled, "n5")
        #expect(script.book.stories.count == 2 && script.story?.victims == ["n5"])
        #expect(script.book.shown(at: StoryScript.instant(11))?.victims == ["n5"])
        script.states = ["n3": .killed, "n4": .killed, "n5": .killed]
        script.on(12, "n1", .memberRemoved, "n5", detail: .lastStatus(.down))
        script.unreachable = []
        script.shards["n5"] = []
        script.look(20)
        // The end of the newest stays for a while; then the older one, which is still open, comes back.
        #expect(script.story?.isOpen == false)
        #expect(script.book.shown(at: StoryScript.instant(20))?.victims == ["n5"])
        #expect(script.book.shown(at: StoryScript.instant(41))?.victims == ["n3", "n4"])
    }

    @Test("remembered entities start by themselves")
    func remembered() {
        var script = StoryScript(["n1": [1], "n2": [2]])
        script.remembers = true
        script.look(1)
        script.on(2, EventID.testbed, .nodeKilled, "n2")
        #expect(script.sentence.hasSuffix("4 entities start again by themselves"))
    }

    @Test("in less room the story keeps its beginning and its end")
    func widths() {
        var script = StoryScript.kill()
        script.removal()
        script.moves()
        script.look(16.5)
        guard let story = script.story else {
            Issue.record("no story")
            return
        }
        for columns in 10...220 {
            for rows in 1...2 {
                let lines = story.sentence(columns: columns, rows: rows)
                #expect(lines.count <= rows && lines.allSatisfy { CharacterWidth.columns(of: $0) <= columns })
                #expect(columns < 14 || lines.first?.hasPrefix("n3 killed 9.0") == true)
            }
        }
        #expect(
            story.sentence(columns: 60, rows: 2) == [
                "n3 killed 9.0 → … → down 13.4 → 5 shards to n1 n2 n4 n5; 20",
                "entities gone until their next message; no message lost",
            ])
        #expect(
            story.sentence(columns: 76, rows: 2) == [
                "n3 killed 9.0 → unreachable 10.4 → down 13.4 → 5 shards to n1 n2 n4 n5; 20",
                "entities gone until their next message; no message lost",
            ])
    }
}

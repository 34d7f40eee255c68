import CastyInvariants
import CastyObservability
import CastyPlacement
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

/// A lapse of the lease pauses entities: their state is there afterwards, unless the shard was given away.
@Suite("Hiccups")
struct PauseStoryTests {
    /// Counters keep their state in memory only.
    private static let start = """
        nodes 3
        shards 12
        expect members n1,n2,n3 up within 15s
        wait 1s

        """ + (1...12).map { "tell counter-\($0) add \($0)\n" }.joined()
        + "expect shards balanced within 20s\n"
    private static let kept = (1...12).map { "ask counter-\($0) get -> \($0) within 5s\n" }.joined()

    @Test(
        "a hiccup that removes no node costs no entity its state",
        arguments: [
            "freeze n3\nwait 3500ms\nthaw n3\n", "freeze n1\nwait 3500ms\nthaw n1\n",
            "cut n3 | n1,n2\nwait 3500ms\nheal\n", "cut n1 | n2,n3\nwait 3500ms\nheal\n",
        ])
    func hiccup(_ fault: String) throws {
        for seed in UInt64(1)...3 {
            let (result, reported, lapses) = try run(
                Self.start + "wait 3s\n" + fault + "wait 2s\n" + Self.kept + "expect no member-removed since start\n",
                seed: seed)
            #expect(result.status == .passed && reported.isEmpty, "seed \(seed): \(reported.sorted())")
            #expect(lapses > 0, "seed \(seed): the story needs a lapse")
        }
    }

    @Test("messages to a node that hangs are handled afterwards, in order, by the entities that were there")
    func load() throws {
        for seed in UInt64(1)...3 {
            let story =
                Self.start + "wait 3s\nload 100/s over 12 entities for 6s\nwait 1s\n"
                + "freeze n3\nwait 3400ms\nthaw n3\nwait 6s\n" + Self.kept + "expect no member-removed since start\n"
            let (result, reported, _) = try run(story, seed: seed)
            #expect(result.status == .passed && reported.isEmpty, "seed \(seed): \(reported.sorted())")
        }
    }

    @Test("a node that hangs until it is removed comes back to nothing, and no entity acts twice", arguments: 1...6)
    func removed(seed: Int) throws {
        let story =
            Self.start + "load 100/s over 12 entities for 20s\nwait 1s\nfreeze n3\nwait \(2500 + seed * 700)ms\n"
            + "thaw n3\nwait 15s\nexpect single-activation\n"
        let (_, reported, _) = try run(story, seed: UInt64(seed))
        let sharding = reported.filter { $0.hasPrefix("S") }
        #expect(sharding.isEmpty, "seed \(seed): \(sharding.sorted())")
    }

    @Test("the coordinator is another after the pause, and confirms what it finds")
    func takeover() throws {
        for seed in UInt64(1)...3 {
            let story =
                Self.start + "wait 3s\nfreeze n3\nwait 3300ms\nleave n1\nthaw n3\nwait 6s\n"
                + "expect stopped n1 within 20s\nexpect n3 up on n2 within 5s\n"
                + "load 50/s over 12 entities for 2s\nwait 4s\nexpect single-activation\n"
            let (result, reported, _) = try run(story, seed: seed)
            let sharding = reported.filter { $0.hasPrefix("S") }
            #expect(result.status == .passed && sharding.isEmpty, "seed \(seed): \(sharding.sorted())")
        }
    }

    private func run(_ story: String, seed: UInt64) throws -> (RunResult, Set<String>, Int) {
        let reported = Mutex<(ids: Set<String>, lapses: Int)>(([], 0))
        var options = RunOptions(seed: seed, keepsGoing: true)
        options.toleratesRefusals = true
        let result = ScenarioRunner(
            try Scenario.parse(story, file: "pause.casty"), options: options, checkers: .all,
            hear: { event in
                reported.withLock {
                    if event.kind == .invariantViolated { $0.ids.insert(event.rule ?? "") }
                    if case .sharding(_, .leaseLapsed)? = event.detail { $0.lapses += 1 }
                }
            }
        ).run()
        return reported.withLock { (result, $0.ids, $0.lapses) }
    }
}

import CastyCore
import CastyInvariants
import CastyObservability
import CastyPlacement
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

@Suite("Running scenarios")
struct ScenarioRunnerTests {
    private func run(
        _ text: String, _ options: RunOptions = RunOptions()
    ) throws -> (result: RunResult, events: [RuntimeEvent]) {
        let scenario = try Scenario.parse(text, file: "test.casty")
        let events = Mutex<[RuntimeEvent]>([])
        let runner = ScenarioRunner(
            scenario, options: options, checkers: .all, hear: { event in events.withLock { $0.append(event) } })
        let result = runner.run()
        return (result, events.withLock { $0 })
    }

    private func failure(_ text: String) throws -> RuntimeEvent? {
        try run(text).events.first { $0.kind == .expectationFailed }
    }

    @Test("a node that leaves before it was ever up is let go")
    func leavesEarly() throws {
        let (result, events) = try run(
            """
            seed 134
            nodes 5
            at 15503ms leave n3
            at 21058ms cut n1 -> n2
            at 23503ms restart n3
            at 25540ms leave n3
            wait 30s
            expect stopped n3 within 20s
            heal
            expect converged within 20s
            """)
        #expect(result.status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
        #expect(events.contains { $0.kind == .memberLeaving && $0.subject == "n3" && $0.time > .start + .seconds(25) })
    }

    @Test("the first seed, started again behind a cut, waits for the cluster on the other side and founds none")
    func noIsland() throws {
        let (result, events) = try run(
            """
            seed 176
            nodes 5
            wait 2s
            spawn account-1..account-50
            cut n1,n2 | n3,n4,n5
            expect stopped n1 within 20s
            expect stopped n2 within 20s
            restart n1,n2
            wait 15s
            expect coordinator n3 on n3
            expect members n3,n4,n5 up on n3,n4,n5
            heal
            expect members n1,n2,n3,n4,n5 up within 30s
            expect coordinator n3 within 5s
            expect converged within 10s
            """)
        #expect(result.status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
        let islands = events.filter {
            $0.kind == .coordinatorStarted && $0.node == "n1" && $0.time > .start + .seconds(5)
        }
        #expect(islands.isEmpty)
    }

    @Test("a leaver whose cluster dies around it goes by itself after a while")
    func leavesAlone() throws {
        let (result, events) = try run(
            """
            seed 297
            nodes 3
            wait 2s
            spawn account-1..account-20
            wait 1s
            leave n3
            wait 2ms
            kill n1,n2
            expect stopped n3 within 40s
            """)
        #expect(result.status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
    }

    @Test("a cluster forms, shards spread, a balance is kept over a crash")
    func story() throws {
        let (result, events) = try run(
            """
            seed 3
            nodes 3
            expect members n1,n2,n3 up within 10s
            expect converged within 5s
            spawn account-1..account-30
            expect shards balanced within 20s
            tell account-3 deposit 100
            ask account-3 balance -> 100 within 5s
            kill n3
            expect n3 unreachable within 3s
            expect n3 removed within 10s
            ask account-3 balance via n2 -> 100 within 10s
            expect shards balanced within 20s
            expect single-activation
            """)
        #expect(result.status == .passed)
        #expect(result.expectations == 9)
        #expect(result.failed == 0)
        #expect(events.last { $0.kind == .reply }?.reply == "100")
        #expect(events.contains { $0.kind == .memberRemoved && $0.subject == "n3" })
    }

    @Test("a drained node has no shards, and gets its share again when it is undrained")
    func drain() throws {
        let (result, events) = try run(
            """
            seed 8
            nodes 3
            expect members n1,n2,n3 up within 10s
            spawn account-1..account-60
            expect shards balanced within 20s
            drain n2
            expect shards balanced within 30s
            note "drained"
            undrain n2
            expect shards balanced within 30s
            expect lost 0
            """)
        #expect(result.status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
        let mark = try #require(events.firstIndex { $0.text == "drained" })
        #expect(events[..<mark].contains { $0.kind == .shardMoved && $0.from == "n2" })
        #expect(!events[..<mark].suffix(20).contains { $0.kind == .shardMoved && $0.to == "n2" })
        #expect(events[mark...].contains { $0.kind == .shardMoved && $0.to == "n2" })
    }

    @Test("one seed gives one digest, another seed another")
    func determinism() throws {
        let text = """
            nodes 3
            expect members n1,n2,n3 up within 10s
            load 50/s over 20 entities for 2s
            kill n2
            expect n2 removed within 12s
            restart n2
            expect members n1,n2,n3 up within 20s
            """
        let first = try run(text, RunOptions(seed: 5))
        let second = try run(text, RunOptions(seed: 5))
        let other = try run(text, RunOptions(seed: 6))
        #expect(first.result.status == .passed)
        #expect(first.events == second.events)
        #expect(first.result == second.result)
        #expect(first.result.digest != other.result.digest)
    }

    @Test("a failed expectation says what was seen, names its line and ends the run")
    func failing() throws {
        let (result, events) = try run(
            """
            nodes 2
            expect members n1,n2 up within 10s
            expect n2 down within 1s
            note "never said"
            """)
        let failed = events.filter { $0.kind == .expectationFailed }
        #expect(result.status == .failed)
        #expect(result.failed == 1)
        #expect(failed.map(\.line) == [3])
        #expect(failed.first?.reason == .text("n2 on n1: n2 up"))
        #expect(!events.contains { $0.text == "never said" })
    }

    @Test("with keep-going a failed expectation does not end the run")
    func keepsGoing() throws {
        var options = RunOptions()
        options.keepsGoing = true
        let (result, events) = try run("nodes 1\nexpect lost 3\nnote \"still here\"\nexpect n1 up within 5s", options)
        #expect(result.status == .failed)
        #expect(result.failed == 1)
        #expect(result.expectations == 2)
        #expect(events.contains { $0.text == "still here" })
    }

    @Test(
        "each expectation that does not hold says what is there instead",
        arguments: [
            ("expect leader n2", "leader on n1: n1"),
            ("expect stopped n2", "n2 is running"),
            ("expect members n1 up", "members on n1: n1 up, n2 up"),
            ("expect lost 2", "lost 0"),
            ("expect shard 3 on n1", "shard 3: nowhere"),
            ("expect entity account-1 on n2", "account-1: nowhere"),
            ("ask counter-1 get -> 7 within 2s", "the reply was 0"),
            (
                "expect no member-up since start",
                "4 since the start, the first at 0.000 s on n1: n1 member-up (leader, v1)"
            ),
        ])
    func words(line: String, seen: String) throws {
        let event = try failure("nodes 2\nexpect converged within 10s\nexpect members n1,n2 up\n\(line)")
        #expect(event?.reason == .text(seen))
        #expect(event?.line == 4)
    }

    @Test("what is scheduled happens at its time, while the script waits")
    func scheduling() throws {
        let (_, events) = try run(
            """
            nodes 1
            expect n1 up within 5s
            at 3s note "third"
            at 1s note "first"
            at +2s note "second"
            wait 4s
            note "last"
            """)
        let notes = events.filter { $0.kind == .note && $0.line != nil }
        #expect(notes.map(\.text) == ["first", "second", "third", "last"])
        #expect(notes.first?.time == .start + .seconds(1))
        #expect(notes.dropFirst(2).first?.time == .start + .seconds(3))
    }

    @Test("a load is drained before the scenario ends")
    func load() throws {
        let (result, events) = try run(
            "nodes 2\nexpect members n1,n2 up within 10s\nload 100/s over 10 entities for 3s")
        #expect(result.status == .passed)
        #expect(result.seconds >= 3)
        #expect(events.count { $0.kind == .entityStarted } == 10)
    }

    @Test("a run that is cut short is unproven")
    func cutShort() throws {
        let (result, _) = try run("nodes 1\nwait 60s\nexpect n1 up", RunOptions(until: .seconds(5)))
        #expect(result.status == .inconclusive)
        #expect(result.seconds == 5)
    }

    @Test("a command that cannot be carried out fails, and says why")
    func refused() throws {
        let event = try failure("nodes 2\nexpect members n1,n2 up within 10s\nthaw n2")
        #expect(event?.reason == .text("n2 is not frozen: it is running"))
    }

    @Test("an entity that is idle goes to sleep when that is set while the cluster runs, and keeps its balance")
    func passivation() throws {
        let (result, events) = try run(
            """
            nodes 2
            expect members n1,n2 up within 10s
            tell account-7 deposit 5
            ask account-7 balance -> 5 within 5s
            set passivation idle 2s
            wait 4s
            ask account-7 balance -> 5 within 5s
            """)
        #expect(result.status == .passed)
        #expect(events.contains { $0.kind == .entityPassivated && $0.entity == "account-7" })
    }

    @Test(
        "a lease that outlasts the removal margin lets two instances act, and the invariants tell",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"))
    func mutations() throws {
        let (result, events) = try run(
            """
            seed 5
            set lease 60s
            set stable-after 1s
            set removal-margin 500ms
            nodes 3
            expect members n1,n2,n3 up within 15s
            spawn account-1..account-30
            expect shards balanced within 20s
            load 100/s over 30 entities for 20s
            freeze n2
            expect n2 removed on n1,n3 within 20s
            wait 3s
            thaw n2
            wait 5s
            """)
        #expect(result.status == .failed)
        #expect(result.failed == 0)
        #expect(events.contains { $0.kind == .invariantViolated && ["S1", "S2"].contains($0.rule) })
        #expect(events.contains { $0.kind == .note && $0.text?.contains("unsafe settings: the lease (60") == true })
    }
}

import CastyCore
import CastyInvariants
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

@Suite("Playing scenarios step by step")
struct ScenarioPlayerTests {
    @Test("a scenario does the same however time is cut into steps", arguments: [3, 11] as [UInt64])
    func anySteps(seed: UInt64) throws {
        let scenario = Exploration(nodes: 3, time: .seconds(12)).scenario(seed: seed)
        var options = RunOptions(seed: seed)
        options.toleratesRefusals = true
        let whole = Mutex<[String]>([])
        let runner = ScenarioRunner(
            scenario, options: options, checkers: .all, hear: { event in whole.withLock { $0.append(event.json) } })
        let result = runner.run()
        #expect(result.status == .passed)

        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: seed), settings: TestClusterSettings(scenario), checkers: .all)
        defer { testbed.end() }
        try testbed.start(Array(1...(scenario.header.nodes ?? 3)))
        let player = ScenarioPlayer(scenario.body, in: testbed, options: options)
        var generator = SeededGenerator(seed: seed)
        while !player.isSettled {
            player.look()
            let end = testbed.now + .nanoseconds(1 + generator.below(400_000_000))
            while testbed.now < end, !player.isSettled {
                let due = player.nextMoment
                try testbed.advance(until: min(end, due)) {
                    player.look()
                    return player.nextMoment < due
                }
            }
        }
        let parts = testbed.recorder.events(from: 0).map(\.json)
        #expect(parts.count > 50)
        #expect(parts == Array(whole.withLock { $0 }.prefix(parts.count)))
    }

    @Test("a script that is held at its notes does the same as one that is not")
    func held() throws {
        let text = """
            seed 3
            nodes 3
            note "begin"
            expect members n1,n2,n3 up within 10s
            spawn account-1..account-9
            note "now"
            kill n3
            expect n3 removed within 20s
            note "over"
            wait 1s
            """
        let scenario = try Scenario.parse(text, file: "held.casty")
        let whole = Mutex<[String]>([])
        let runner = ScenarioRunner(
            scenario, checkers: .all, hear: { event in whole.withLock { $0.append(event.json) } })
        #expect(runner.run().status == .passed)

        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 3), settings: TestClusterSettings(scenario), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3])
        let player = ScenarioPlayer(scenario.body, in: testbed, options: RunOptions())
        var stops: [String] = []
        player.performed = { command, _ in
            guard case .immediate(.note(let text)) = command else { return }
            stops.append(text)
            player.isHeld = true
        }
        while !player.isSettled {
            player.look()
            if player.isHeld {
                let events = testbed.recorder.count
                player.look()
                #expect(testbed.recorder.count == events)
                player.isHeld = false
                continue
            }
            try testbed.advance(until: min(testbed.now + .seconds(1), player.nextMoment)) {
                player.look()
                return player.isHeld
            }
        }
        #expect(stops == ["begin", "now", "over"])
        let parts = testbed.recorder.events(from: 0).map(\.json)
        #expect(parts.count > 30)
        #expect(parts == Array(whole.withLock { $0 }.prefix(parts.count)))
    }

    @Test("an `at` that names a moment in the past is carried out at once")
    func pastMoment() throws {
        let scenario = try Scenario.parse("nodes 1\nwait 5s\nat 2s note \"late\"\nwait 1s\n", file: "past.casty")
        let heard = Mutex<[RuntimeEvent]>([])
        let runner = ScenarioRunner(scenario, checkers: .all, hear: { event in heard.withLock { $0.append(event) } })
        #expect(runner.run().status == .passed)
        let notes = heard.withLock { $0 }.filter { $0.kind == .note && $0.node == EventID.testbed }
        #expect(notes.map(\.text) == ["late"])
        #expect(notes.first?.time == .start + .seconds(5))
    }

    @Test("a planned message through a node that has died meanwhile is lost for all to see; one given now is refused")
    func tellThroughTheDead() throws {
        let text = """
            nodes 3
            expect members n1,n2,n3 up within 15s
            at +2s tell account-1 deposit 1 via n3
            kill n3
            wait 3s
            expect lost 1

            """
        let heard = Mutex<[RuntimeEvent]>([])
        let planned = ScenarioRunner(
            try Scenario.parse(text, file: "planned.casty"), checkers: .all,
            hear: { event in heard.withLock { $0.append(event) } })
        #expect(planned.run().status == .passed)
        let lost = heard.withLock { $0 }.filter { $0.kind == .messageLost && $0.node == EventID.testbed }
        #expect(lost.map(\.entity) == ["account-1"])
        #expect(lost.first?.reason == .lost(.refused(by: "n3", .killed)))
        let now = ScenarioRunner(
            try Scenario.parse(text + "tell account-1 deposit 1 via n3\n", file: "now.casty"), checkers: .all,
            hear: { _ in })
        #expect(now.run().failed == 1)
    }
}

import CastyScenario
import Testing

@Suite("Commands as text")
struct RoundTripTests {
    @Test("every command that is printed reads back as itself, and prints the same again", arguments: Verb.allCases)
    func roundTrip(verb: Verb) throws {
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = RandomCommands(seed: seed)
            let command = random.command(verb)
            let text = command.description
            let again = try Command.parse(text)
            try #require(again == command, "seed \(seed): \(text)")
            try #require(again.description == text, "seed \(seed): \(text)")
            try #require(command.verb == verb && text.hasPrefix(verb.rawValue))
        }
    }

    @Test("a scenario that is printed reads back with the same commands")
    func scenario() throws {
        var random = RandomCommands(seed: 7)
        let verbs = Verb.allCases.filter { ![.seed, .seeds, .roles, .set, .nodes, .shards].contains($0) }
        let statements = (1...300).map { Statement(line: $0 + 1, command: random.command(random.pick(verbs))) }
        let plain = statements.filter { $0.command.shardNamed ?? 0 < Scenario.defaultShards }
        let scenario = Scenario(file: "f", title: "A story", statements: plain)
        let again = try Scenario.parse(scenario.description, file: "f")
        #expect(again.title == "A story")
        #expect(again.statements.map(\.command) == plain.map(\.command))
        #expect(again.description == scenario.description)
    }

    @Test("no line traps, and what is read prints as something that reads the same")
    func noise() throws {
        var random = RandomCommands(seed: 99)
        var read = 0
        for _ in 0..<4000 {
            let line = random.noise()
            _ = Completion.candidates(for: line)
            guard let parsed = try? PaletteLine.parse(line) else { continue }
            read += 1
            try #require(try PaletteLine.parse(parsed.description) == parsed, "\(line)")
        }
        #expect(read > 5)
    }

    @Test(
        "the examples of the contract read as what they say",
        arguments: [
            "seed 42", "set preset lan", "seeds n1,n2", "roles n4,n5 backend", "set account-role backend",
            "set account-state events", "set account-state durable",
            "set memory on", "set singleton on", "set singleton-role backend", "set heartbeat 500ms", "nodes 5",
            "shards 24", "start n6",
            "start n6 roles backend",
            "spawn account-7", "spawn account-1..account-100", "tell account-7 deposit 100 via n2",
            "ask account-7 balance via n3 -> 105 within 5s", "load 200/s over 50 entities for 30s", "load stop",
            "load stop 2", "heal n1 -> n3",
            "link n1 -> n3 loss 5%", "link n1,n2 -> n3,n4 loss 5%",
            "link n1 n2,n3 latency 5ms", "fault slow n2 off", "kill n2",
            "freeze n2",
            "thaw n2", "restart n2", "leave n2", "down n2 by n1", "cut n1,n2 | n3,n4,n5", "cut n1 -> n3", "heal",
            "heal n1 n3", "link n1 n3 latency 50ms jitter 20ms loss 5%", "link all latency 5ms", "move shard 12 to n3",
            "pin shard 12 to n3", "drain n2", "undrain n2", "rebalance", "rebalance pause", "rebalance resume",
            "passivate account-7",
            "set passivation idle 2s", "set passivation lru 100", "set passivation lfu 100", "fault clock n2 rate 1%",
            "wait 10s", "note \"text for the person watching\"",
            "at 12s kill n2", "at +5s heal", "expect members n1,n3 up on n1 within 30s", "expect n2 removed within 10s",
            "expect leader n1", "expect coordinator n3 on n1,n2", "expect converged within 10s",
            "expect stopped n3 within 30s", "expect shards balanced within 20s", "expect shards balanced by 2",
            "expect shard 12 on n3 within 10s", "expect entity account-7 on n3 within 10s", "expect lost 0",
            "expect no member-unreachable since start", "expect no cut", "expect single-activation",
        ])
    func contract(line: String) throws {
        #expect(try Command.parse(line).description == line)
    }

    @Test(
        "other spellings read as the canonical one",
        arguments: [
            ("  kill\tn2,n3   # now", "kill n2,n3"), ("kill n2, n3 ,n4", "kill n2,n3,n4"),
            ("cut n1->n3", "cut n1 -> n3"), ("cut n1,n2|n3", "cut n1,n2 | n3"),
            ("expect n2 up on all within 60s", "expect n2 up within 1m"),
            ("ask account-7 balance within 5s -> 105", "ask account-7 balance -> 105 within 5s"),
            ("expect shards balanced by 1", "expect shards balanced"), ("seed 0xff", "seed 255"),
            ("tell account-7 \"deposit 1\"", "tell account-7 deposit 1"),
            ("tell cart-7 {\"add\": \"a # b\"}", "tell cart-7 {\"add\": \"a # b\"}"),
            ("load 0.5/s over 1 entity for 2m", "load 0.5/s over 1 entities for 2m"),
            ("spawn \"account-7\"", "spawn account-7"), ("note \"a \\u{1b} b\"", "note \"a \\u{1B} b\""),
            ("note hello", "note \"hello\""), ("fault flap n1 n2 times 3", "fault flap n1,n2 times 3"),
        ])
    func canonical(line: String, canonical: String) throws {
        #expect(try Command.parse(line).description == canonical)
    }
}

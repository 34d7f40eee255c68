import CastyScenario
import Testing

@Suite("The palette")
struct PaletteTests {
    @Test(
        "a command of the console reads and prints",
        arguments: [
            "pause", "play", "step", "step 3", "back", "speed x2", "speed x0.25", "seek 37500ms",
            "until n2 down within 10s", "until converged", "until member-unreachable", "until member-down n2 within 2m",
            "until off", "always shards balanced", "always n1,n2 up on n1", "never n2 unreachable", "never converged",
            "never message-lost", "never member-removed n3", "watches", "what-if kill n2",
            "what-if kill n3 vs kill n2 for 30s", "what-if cut n1,n2 | n3",
            "what-if cut n1 | n2 vs heal n1 n2", "what-if load 200/s over 50 entities for 30s for 10s", "what-if",
            "what-if load 200/s over 50 entities for 30s", "what-if tell account-7 deposit 10 vs link all loss 5%",
            "what-if off", "watch off 2", "watch off all",
            "focus events", "zoom", "filter \"a b\"", "filter", "sort phi desc",
            "follow n3",
            "view n2", "view all", "why n3", "why shard 12", "why entity account-7", "why n1/812", "why", "goto n1/812",
            "mark n3,n4", "mark", "loads", "undo", "redo", "save script s.casty", "save moment", "save moment here",

            "export json out.json", "export text", "export csv x.csv", "export svg", "export ndjson", "bookmark here",
            "readonly on", "set confirm off",
            "set fps 20", "set color 256", "set theme dark", "help", "help kill", "quit", "at +5s pause",
            "at 12s focus phi",
        ])
    func console(line: String) throws {
        let parsed = try PaletteLine.parse(line)
        #expect(parsed.description == line)
        guard case .console = parsed else {
            Issue.record("\(line) is not read as a command of the console")
            return
        }
    }

    @Test(
        "a command of the scenario language is one of the palette's",
        arguments: ["kill n2", "at +5s kill n2", "set passivation idle 2s"])
    func command(line: String) throws {
        #expect(try PaletteLine.parse(line) == .command(Command.parse(line)))
    }

    @Test("the console's names for nodes stand for nodes")
    func names() throws {
        let names = ["marked": [NodeName(3), NodeName(4)], "cursor": [NodeName(2)], "none": []]
        #expect(try PaletteLine.parse("kill marked", names: names).description == "kill n3,n4")
        #expect(try PaletteLine.parse("cut marked | cursor", names: names).description == "cut n3,n4 | n2")
        #expect(try PaletteLine.parse("move shard 1 to cursor", names: names).description == "move shard 1 to n2")
        #expect(throws: ScenarioProblem.self) { try PaletteLine.parse("move shard 1 to marked", names: names) }
        #expect(throws: ScenarioProblem.self) { try PaletteLine.parse("kill none", names: names) }
        #expect(throws: ScenarioProblem.self) { try PaletteLine.parse("kill cursor") }
    }

    @Test(
        "a near miss of either language is suggested",
        arguments: [("puase", "pause"), ("freze n2", "freeze"), ("at 5s qiut", "quit")])
    func suggestion(line: String, word: String) throws {
        let problem = try #require(throws: ScenarioProblem.self) { try PaletteLine.parse(line) }
        #expect(problem.suggestion == word)
    }

    @Test(
        "a part of a line is completed with what the grammar allows there",
        arguments: [
            ("ki", ["kill"]), ("kill ", ["n1", "n2", "n3", "marked"]), ("kill n1,", ["n1,n2", "n1,n3", "n1,marked"]),
            ("expect n2 u", ["up", "unreachable"]), ("expect n2 up ", ["on", "within"]),
            ("expect n2 up on n1 ", ["within"]), ("tell account-7 d", ["deposit"]), ("tell ac", ["account-7"]),
            ("tell account-7 deposit 1 v", ["via"]), ("at 5s pau", ["pause"]), ("rebalance ", ["pause", "resume"]),
            ("set preset ", ["responsive", "lan", "wan"]), ("wait ", []), ("kill n2 ", []), ("nonsense ", []),
            ("cut n1 ", ["->", "|"]), ("focus e", ["events"]), ("save script ", ["a.casty"]),
            ("move shard 3 to n", ["n1", "n2", "n3"]),
            ("kill nonsense more", []),
        ] as [(String, [String])])
    func completion(line: String, candidates: [String]) {
        let knowledge = Completion.Knowledge(
            nodes: [NodeName(1), NodeName(2), NodeName(3)], nodeNames: ["marked"],
            entities: ["account-7", "counter-1"],
            files: ["a.casty"])
        #expect(Completion.candidates(for: line, knowing: knowledge).candidates == candidates)
    }

    @Test("a place for a value says what belongs there")
    func hints() {
        #expect(Completion.candidates(for: "wait ").hints == ["a duration such as 300ms, 10s or 2m"])
    }

    @Test("a downing strategy is compared by its name, or as the setting that it is")
    func strategies() throws {
        let short = try PaletteLine.parse("what-if downing keep-oldest vs downing none for 30s")
        #expect(try PaletteLine.parse("what-if set downing keep-oldest vs set downing none for 30s") == short)
        guard case .console(.run(.whatIf(let whatIf)), at: nil) = short else {
            Issue.record("\(short)")
            return
        }
        #expect(whatIf.repeatsPast && whatIf.span == .seconds(30))
        #expect(whatIf.futures == [.set(.downing(.keepOldest)), .set(.downing(.none))])
        #expect(!WhatIf(.set(.passivation(.off))).repeatsPast)
        #expect(Completion.candidates(for: "what-if downing keep-o").candidates == ["keep-oldest"])
    }

    @Test("a change that takes time cannot be compared", arguments: ["what-if wait 3s", "what-if kill n2 vs nodes 3"])
    func noChange(line: String) {
        #expect(throws: ScenarioProblem.self) { try PaletteLine.parse(line) }
    }

    @Test("a part of a comparison is completed as the command would be")
    func comparison() {
        #expect(Completion.candidates(for: "what-if ki").candidates == ["kill"])
        #expect(Completion.candidates(for: "what-if kill n2 vs fre").candidates == ["freeze"])
        #expect(Completion.candidates(for: "what-if kill n2 ").candidates == ["vs", "for"])
    }

    @Test("an empty line offers every verb of both languages")
    func everything() {
        let all = Set(Verb.allCases.map(\.rawValue) + ConsoleVerb.allCases.map(\.rawValue))
        #expect(Set(Completion.candidates(for: "").candidates) == all)
    }

    @Test("every usage begins with its verb, and every verb has one sentence of help")
    func table() {
        let verbs =
            Verb.allCases.map { ($0.rawValue, $0.usage, $0.summary) }
            + ConsoleVerb.allCases.map { ($0.rawValue, $0.usage, $0.summary) }
        for (word, usage, summary) in verbs {
            #expect(!usage.isEmpty && usage.allSatisfy { $0.split(separator: " ").first.map(String.init) == word })
            #expect(summary.hasSuffix(".") && summary.first?.isUppercase == true)
        }
    }
}

import CastyScenario
import Testing

@Suite("Problems of a scenario")
struct ProblemTests {
    @Test(
        "a line that is wrong says what, where, and what was expected",
        arguments: [
            ("kil n2", 1, "\"kil\" does not fit here", "did you mean \"kill\"?"),
            ("kill", 5, "the line ends here", "expected nodes such as n2"),
            ("kill n2 n3", 9, "\"n3\" is too much here", "expected the end of the line"),
            ("kill n2      freeze n2", 14, "is too much here", "expected one command a line"),
            ("kill n2,n2", 6, "n2 stands twice", ""),
            ("kill n2,", 6, "a comma without a node", ""),
            ("kill 2", 6, "", "did you mean \"n2\"?"),
            ("kill n300", 6, "there can be no node \"n300\"", "n1 to n254"),
            ("wait 10", 6, "\"10\" has no unit", "did you mean \"10s\"?"),
            ("wait 9999h", 6, "out of range", "0s to 168h"),
            ("nodes 201", 7, "out of range", "1 to 200"),
            ("shards 0", 8, "out of range", "1 to 16384"),
            ("expect n2 dwon", 11, "does not fit here", "did you mean \"down\"?"),
            ("expect no member-unreachabel", 11, "", "did you mean \"member-unreachable\"?"),
            ("expect no cut within 5s", 15, "is too much here", "expected since or the end of the line"),
            ("expect lost 0 on n1", 15, "is too much here", "within"),
            ("tell account-7", 15, "the line ends here", "a message"),
            ("tell account-7 deposit 1 within 3s", 26, "is too much here", "via"),
            ("tell account deposit 1", 6, "does not fit here", "account-7"),
            ("ask account-1..account-3 balance", 5, "more than one entity", "one entity"),
            ("spawn account-9..account-1", 7, "no run of entities", "rising"),
            ("cut n1 | n1,n2", 10, "both sides", ""),
            ("cut n1 n2", 8, "does not fit here", "|"),
            ("link n1 n1", 9, "no link to itself", ""),
            ("link n1,n2 -> n2,n3 loss 5%", 15, "n2 stands on both sides of the links", ""),
            ("link n1 n2 loss 101%", 17, "out of range", "0% to 100%"),
            ("at 5s wait 3s", 7, "hold up nothing", ""),
            ("at 5s at 6s heal", 7, "cannot be scheduled again", ""),
            ("at 5s nodes 3", 7, "describes the world", ""),
            ("set hartbeat 1s", 5, "", "did you mean \"heartbeat\"?"),
            ("set heartbeat 0s", 15, "out of range", "1ms"),
            ("fault slw n2", 7, "", "did you mean \"slow\"?"),
            ("fault silence n1", 7, "does not fit here", ""), ("fault hostile n1", 7, "does not fit here", ""),
            ("fault clock n2 jump -5s", 21, "does not fit here", ""),
            ("fault reset n1 n2 after 100", 19, "is too much here", ""),
            ("fault flap n1 n2 off", 18, "is too much here", ""), ("heal n1 ->", 11, "the line ends here", "n2"),
            ("fault flap n1", 14, "the line ends here", "nodes"),
            ("note \"open", 6, "not closed", ""),
            ("note a b", 8, "goes on", "in quotes"),
            ("note \"a\\x\"", 8, "no known escape", ""),
            ("note \"a\u{1B}[2J\"", 8, "control character U+1B", ""),
            ("kill \u{1B}", 6, "control character U+1B", ""),
            ("roles n4 a,a", 10, "\"a\" stands twice", ""),
            ("roles n4", 9, "the line ends here", "backend"),
            ("set account-role a,b", 18, "2 roles", "one role"),
            ("set singleton maybe", 15, "does not fit here", "off"),
            ("at 5s seeds n1", 7, "describes the world", ""),
            ("seed -1", 6, "does not fit here", "a number"),
        ])
    func line(line: String, column: Int, what: String, rest: String) throws {
        let problem = try #require(throws: ScenarioProblem.self) { try Command.parse(line) }
        #expect(problem.column == column, "\(problem)")
        #expect(problem.what.contains(what), "\(problem)")
        #expect(rest.isEmpty || problem.description.contains(rest), "\(problem)")
    }

    @Test("all problems of a file are reported, each with its line")
    func all() throws {
        let text = "nodes 3\r\nkil n2\n\n# fine\nseed 1\nkill n4\nmove shard 24 to n1\nnodes 2\npause\n"
        let error = try #require(throws: ScenarioError.self) { try Scenario.parse(text, file: "a.casty") }
        #expect(error.problems.map(\.line) == [2, 5, 6, 7, 8, 8, 9])
        #expect(
            error.description.split(separator: "\n")[2].hasPrefix(
                "a.casty:6: there is no n4: nodes are n1 to n3; expected"))
        #expect(
            error.description.hasSuffix(
                "\"pause\" is a command of the console only; expected a command of the scenario language"))
    }

    @Test(
        "what belongs before nodes, or before the first act, is refused after it",
        arguments: [
            ("nodes 3\nseed 1", [2]), ("nodes 3\nset preset lan", [2]), ("nodes 3\nshards 9", []),
            ("heal\nnodes 3", [2]),
            ("seed 1\nset preset lan\nset heartbeat 1s\nnodes 2\nset passivation idle 2s\nheal", []),
            ("heal\nset heartbeat 1s", [2]),
            ("seed 1\nseed 2", [2]), ("set heartbeat 1s\nset heartbeat 2s", [2]),
            ("seeds n1\nseeds n2", [2]), ("roles n1 a\nroles n2 a\nnodes 2", []), ("roles n1 a\nroles n1,n2 b", [2]),
            ("nodes 2\nroles n1 a", [2]), ("nodes 2\nseeds n1", [2]), ("heal\nset singleton on", [2]),
            ("shards 12\nexpect shard 12 on n1", [2]),
            ("nodes 2\nstart n3\nkill n3", []), ("nodes 2\nat 5s start n3\nkill n3", []), ("nodes 2\nstart n2", [2]),
            ("nodes 2\nstart n3\nstart n3", [3]), ("kill n9", []), ("nodes 2\nat 3s expect n3 up on n4", [2, 2]),
            ("nodes x\nkill n9", [1]), ("shards x\nmove shard 900 to n1", [1]),
        ] as [(String, [Int])])
    func order(text: String, lines: [Int]) {
        #expect(problems(of: text).map(\.line) == lines)
    }

    @Test("a file and a line that are too long are refused")
    func size() {
        #expect(problems(of: String(repeating: "heal\n", count: 210_000)).map(\.code) == [.tooLong])
        #expect(problems(of: "heal\n# " + String(repeating: "x", count: 4096)).map(\.code) == [.tooLong])
        #expect(problems(of: String(repeating: "x\n", count: 500)).count == ScenarioError.mostProblems)
    }

    @Test("a message about a user's text holds nothing that a terminal obeys, and is short")
    func excerpt() throws {
        let line = "kill " + String(repeating: "x", count: 3000)
        let problem = try #require(throws: ScenarioProblem.self) { try Command.parse(line) }
        #expect(problem.description.count < 200)
    }

    @Test("the header says what the world is made of, the body what happens in it")
    func header() throws {
        let text =
            "# The title  \nseed 9\nset preset lan\nset threshold 10\nnodes 4\nshards 8\nset passivation idle 2s\nheal"
        let scenario = try Scenario.parse(text, file: "f")
        #expect(scenario.title == "The title")
        #expect(scenario.header.seed == 9)
        #expect(scenario.header.preset == .lan)
        #expect(scenario.header.settings == [.threshold(10)])
        #expect(scenario.header.nodes == 4)
        #expect(scenario.header.shards == 8)
        #expect(scenario.body.map(\.line) == [7, 8])
    }

    private func problems(of text: String) -> [ScenarioProblem] {
        do throws(ScenarioError) {
            _ = try Scenario.parse(text, file: "f")
            return []
        } catch {
            return error.problems
        }
    }
}

import CastyCore
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Two futures on the screen")
struct HypothesisTests {
    private static func at(_ tenths: Int) -> Instant { .start + .milliseconds(100 * tenths) }

    private static var same: FutureOutcome {
        var outcome = FutureOutcome()
        outcome.up = ["n1", "n2", "n3"]
        (outcome.leaders, outcome.coordinators) = (["n1"], ["n1"])
        (outcome.entitiesBefore, outcome.entitiesAfter) = (120, 120)
        outcome.convergedSince = at(50)
        return outcome
    }

    private static var crash: FutureOutcome {
        var outcome = same
        outcome.up = ["n1", "n3"]
        outcome.gone = ["n2 killed"]
        outcome.downed = [.init(node: "n2", time: at(95))]
        outcome.removed = [.init(node: "n2", time: at(96))]
        outcome.losses = [.init(reason: "unreachable", count: 30), .init(reason: "removed", count: 7)]
        outcome.entitiesAfter = 80
        outcome.service = .interrupted(from: at(50), to: at(128))
        outcome.moved = 8
        outcome.convergedSince = at(97)
        return outcome
    }

    private static func hypothesis(_ outcomes: [FutureOutcome?]) -> Hypothesis {
        var hypothesis = Hypothesis(
            number: 1, from: at(50), until: at(250), laterCommands: 2, labels: ["as it is", "kill n2"])
        for (index, outcome) in outcomes.enumerated() { hypothesis.futures[index].outcome = outcome }
        return hypothesis
    }

    private static func console(_ width: Int, _ height: Int, _ outcomes: [FutureOutcome?]) -> Fixture {
        var console = Fixture(width: width, height: height)
        console.feed.hypothesis = hypothesis(outcomes)
        _ = console.state.show(console.feed.hypothesis)
        return console
    }

    /// The lines of the overlay, without its frame.
    private static func box(_ console: Fixture) -> [String] {
        let lines = console.lines
        guard let top = lines.firstIndex(where: { $0.contains("┏━ What if") }),
            let left = lines[top].firstIndex(of: "┏")
        else { return [] }
        let column = lines[top].distance(from: lines[top].startIndex, to: left)
        return lines[(top + 1)...].prefix { Array($0)[column] == "┃" }.map { line in
            String(Array(line)[(column + 1)...].prefix { $0 != "┃" }).trimmingBlanks
        }
    }

    @Test(
        "the facts of both futures stand side by side, the differing ones marked",
        arguments: [(80, 24), (120, 40), (200, 60)])
    func drawing(width: Int, height: Int) {
        let console = Self.console(width, height, [Self.same, Self.crash])
        let rows = Self.box(console).map { $0.split(separator: "  ").map { String($0).trimmingBlanks } }
        #expect(rows.first == ["as it is", "kill n2"])
        let facts = [
            ["≠ up", "n1 n2 n3", "n1 n3"], ["≠ gone", "-", "n2 killed"], ["≠ down", "-", "n2 9.5"],
            ["≠ removed", "-", "n2 9.6"], ["leader", "n1", "n1"], ["coordinator", "n1", "n1"],
            ["≠ entities", "120", "120 → 80"], ["≠ shards moved", "-", "8"],
            ["≠ converged", "all the time", "since 9.7"],
        ]
        for fact in facts { #expect(rows.contains(fact), "\(fact) in \(rows)") }
        let text = Self.box(console).joined(separator: " ")
        #expect(text.contains("37: 30 unreachable, 7"))
        #expect(text.contains("again from 12.8"))
        #expect(rows.last?.first == "≠ differs")
        #expect(text.contains("with your 2 later commands") || width == 80)
    }

    @Test("a comparison that runs says how far it is, and Esc ends it")
    func running() {
        var console = Self.console(80, 24, [Self.same, nil])
        console.feed.hypothesis?.futures[1].now = Self.at(150)
        let rows = Self.box(console).map { $0.split(separator: "  ").map { String($0).trimmingBlanks } }
        #expect(rows.contains(["done", "runs… 50 %"]))
        #expect(console.press(.escape) == [.submit(line: "what-if off")])
        #expect(console.state.dialogs.modal == nil)
    }

    @Test("a comparison opens once, closes with Esc, and what-if shows it again")
    func keys() {
        var console = Self.console(80, 24, [Self.same, Self.crash])
        #expect(console.press(.escape) == [])
        let opens = console.state.show(console.feed.hypothesis)
        #expect(!opens)
        console.press(.character(":"))
        console.type("what-if")
        console.press(.enter)
        #expect(console.state.dialogs.modal == .hypothesis(0))
    }

    @Test("F asks for the change, and offers the node under the cursor")
    func prompt() {
        var console = Fixture()
        #expect(console.press(.down, .character("F"), .enter) == [.submit(line: "what-if kill n2")])
        for mode in [ConsoleMode.live, .attached] {
            var other = Fixture(mode: mode)
            #expect(other.press(.character("F")) == [])
            #expect(other.state.dialogs.flash?.text.contains("only a simulated world can be copied") == true)
        }
    }

    @Test("a repeated past says so, and whether it was another one")
    func repeated() {
        var (kept, other) = (Self.same, Self.crash)
        kept.past = .same
        other.past = .differs(since: Self.at(31))
        let rows = HypothesisRow.rows([kept, other], from: Self.at(50))
        #expect(rows.first?.values == ["repeated, the same", "repeated, other from 3.1 on"])
        #expect(HypothesisRow.rows([Self.same, kept], from: Self.at(50)).first?.values.first == "as it was")
        var console = Self.console(200, 60, [kept, other])
        #expect(!console.text.contains("a setting holds from the start"))
        console.feed.hypothesis?.repeatsPast = true
        #expect(console.text.contains("a setting holds from the start: the run is repeated with it"))
    }

    @Test("facts that neither future has are left out")
    func rows() {
        let rows = HypothesisRow.rows([Self.same, Self.same], from: Self.at(50))
        #expect(!rows.contains { $0.differs })
        #expect(!rows.contains { ["gone", "unreachable", "invariants", "shards moved"].contains($0.title) })
    }
}

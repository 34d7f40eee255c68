import CastyObservability
import Testing

@testable import CastyConsole

@Suite("A cluster of many nodes")
struct ManyNodesTests {
    private static func console(_ count: Int, width: Int = 120, height: Int = 40) -> Fixture {
        var console = Fixture(nodes: count, width: width, height: height)
        console.run(10)
        console.cluster.silence(33, .killed)
        console.run(30)
        return console
    }

    @Test("members that are not up come first, where not all rows can be seen", arguments: [(40, "n33"), (39, "n1")])
    func groups(count: Int, first: String) {
        var console = Self.console(count)
        #expect(console.state.visibleRows(ClusterReading(console.feed, observer: nil)).first?.name == first)
        #expect(console.text.contains("not up first") == (count == 40))
        console.type("I")
        #expect(console.state.visibleRows(ClusterReading(console.feed, observer: nil)).first?.name == "n\(count)")
        #expect(!console.text.contains("not up first"))
    }

    @Test("each status has a heading with its number, above its nodes, where they are grouped")
    func headings() {
        var console = Self.console(40, width: 200, height: 60)
        console.type("1z")
        let lines = console.lines.map(String.init)
        let first = lines.firstIndex { $0.contains("┃ 1 unreachable ") }
        let second = lines.firstIndex { $0.contains("┃ 39 up ") }
        guard let first, let second else {
            Issue.record("no headings:\n\(console.text)")
            return
        }
        #expect(lines[first + 1].contains("n33 ") && second == first + 2)
        #expect(lines[second + 1].contains("n1 "))
        console.type("I")
        #expect(!console.text.contains("┃ 39 up "), "sorted by hand, they have no groups")
    }

    @Test("a heading is no node: cursor, clicks and what is hidden mean nodes")
    func lines() {
        let rows = ClusterReading(Self.console(40).feed, observer: nil)
        let state = Self.console(40).state
        let sorted = state.visibleRows(rows)
        let all = MemberLines(sorted, grouped: true, room: 100, cursor: nil)
        #expect(all.shown.count == 42 && all.hint.isEmpty)
        #expect(all.node(at: 0) == nil && all.node(at: 1)?.name == "n33" && all.node(at: 2) == nil)
        #expect(all.node(at: 3)?.name == "n1" && all.node(at: 42) == nil && all.node(at: -1) == nil)
        let few = MemberLines(sorted, grouped: true, room: 6, cursor: "n33")
        #expect(few.node(at: 5)?.name == "n3" && few.hint == "↓ 36 more")
        let last = MemberLines(sorted, grouped: true, room: 6, cursor: "n40")
        #expect(last.node(at: 5)?.name == "n40" && last.hint == "↑ 34 more")
        let plain = MemberLines(sorted, grouped: false, room: 6, cursor: "n33")
        #expect(plain.node(at: 0)?.name == "n33" && plain.hint == "↓ 34 more")
    }

    @Test(
        "a counter that always grows is shown by its size",
        arguments: [
            (UInt64(7), "7"), (10, "10+"), (89, "80+"), (250, "200+"), (3999, "3k+"), (45_000, "40k+"),
            (999_999, "900k+"), (7_000_000, "7M+"), (.max, "10000000000000M+"),
        ])
    func sizes(value: UInt64, text: String) {
        #expect(Words.size(value) == text)
    }

    @Test("the legend of the grid names owners with their signs, and counts those without room")
    func legend() {
        var console = Self.console(60, width: 120, height: 40)
        console.type("3")
        let lines = console.lines.map(String.init)
        #expect(lines.contains { $0.contains("1 n1 ") })
        #expect(lines.contains { $0.contains(" more  ") || $0.contains(" more ") })
        console.type("z")
        // The whole screen has room for all.
        for (sign, name) in [("9", "n9"), ("a", "n10"), ("z", "n35"), ("A", "n36"), ("O", "n50")] {
            #expect(console.lines.contains { $0.contains("\(sign) \(name) ") }, "\(sign) \(name)")
        }
    }

    @Test("titles that are no words are explained where there is room")
    func titles() {
        let console = Fixture(width: 200, height: 60)
        #expect(console.text.contains("LAG behind the newest view") && console.text.contains("SHD shards"))
        #expect(!Fixture(width: 80, height: 24).text.contains("LAG behind"))
    }
}

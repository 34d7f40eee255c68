import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Filters, sorting and exports")
struct FilterTests {
    @Test(
        "words, words that must not occur, and words of one field",
        arguments: [
            ("n1 up", true), ("n1 down", false), ("!down", true), ("!up", false), ("status=up", true),
            ("STAT=UP", true), ("node=up", false), ("!node=up", true), ("node=n1 status=up", true), ("a=b", true),
            ("a=c", false), ("", true), ("!", true),
        ])
    func filter(text: String, matches: Bool) {
        #expect(TextFilter(text).matches([("node", "n1"), ("status", "up"), ("what", "a=b")]) == matches)
    }

    @Test("a slash begins a new filter, and one that nothing fits says so", arguments: ["1", "6"])
    func newFilter(pane: String) {
        var console = Fixture()
        console.run(20)
        console.type("\(pane)/zzz")
        console.press(.enter)
        #expect(console.text.contains("fits") || console.text.contains("no event"), "\(console.text)")
        console.type("/n2")
        console.press(.enter)
        #expect(console.state.view.filters[console.state.panes.focus] == "n2")
    }

    @Test("rows with equal values keep the order of their numbers, also in descending order", arguments: [false, true])
    func stable(descending: Bool) {
        var console = Fixture()
        console.state.view.sort = .status
        console.state.view.descending = descending
        let rows = console.state.visibleRows(ClusterReading(console.feed, observer: nil))
        #expect(rows.map(\.name) == ["n1", "n2", "n3", "n4", "n5"])
        console.state.view.sort = .node
        let byName = console.state.visibleRows(ClusterReading(console.feed, observer: nil)).map(\.name)
        #expect(byName == (descending ? ["n5", "n4", "n3", "n2", "n1"] : ["n1", "n2", "n3", "n4", "n5"]))
    }

    @Test("export writes the screen as text")
    func export() throws {
        var console = Fixture()
        console.run(5)
        console.type(":export text x.txt")
        let intents = console.press(.enter)
        guard case .export(let text, file: "x.txt")? = intents.first else {
            Issue.record("nothing is written")
            return
        }
        #expect(text.contains("1 Members") && text.hasSuffix("\n"))
    }
}

import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Lists with more than fits")
struct ListTests {
    @Test("a window follows the cursor and counts what it hides")
    func windows() {
        #expect(ListWindow(count: 5, room: 5, cursor: 4).hint == "")
        #expect(ListWindow(count: 10, room: 8, cursor: 0).hint == "↓ 2 more")
        #expect(ListWindow(count: 10, room: 8, cursor: 9).hint == "↑ 2 more")
        #expect(ListWindow(count: 10, room: 4, cursor: 5).hint == "↑ 3 ↓ 3 more")
        #expect(ListWindow(count: 3, room: 0, cursor: 0).hint == "↓ 3 more")
    }

    @Test("ten nodes at 120x40 say what is hidden, in ASCII too")
    func hidden() {
        var console = Fixture(nodes: 10, width: 120, height: 40)
        let edges = console.lines.filter { $0.contains("more ") }.map(String.init)
        #expect(edges.count == 2)
        #expect(edges.first?.contains("↓ 2 more ━") == true && edges.first?.contains("↓ 5 more ─") == true)
        #expect(edges.last?.contains("↓") == true)
        #expect(console.text.contains(" 10/10"))
        console.press(.character("G"))
        #expect(console.lines.contains { $0.contains("↑ 2 more") })
        console.state.look.setASCII(true)
        #expect(console.lines.contains { $0.contains("^ 2 more") })
        console.state.resize(width: 200, height: 60)
        // Of the clocks in Gossip, which have the narrowest slot, some views are hidden; nothing else is.
        #expect(console.lines.filter { $0.contains(" more -") }.count == 1)
        #expect(console.lines.contains { $0.contains("< 3 more -+") })
    }

    @Test("the matrix of many links follows its cursor, and a click finds the link that is shown")
    func matrix() {
        var console = Fixture(nodes: 14)
        console.type("4")
        #expect(console.text.contains("→ 5 more"))
        for _ in 0..<13 { console.press(.right, .down) }
        #expect(console.state.selection.linkFrom == "n14" && console.state.selection.linkTo == "n14")
        #expect(console.text.contains("← 5 more") && console.text.contains("↑ 8 more"))
        console.press(.press(x: 12, y: 13))
        #expect(console.state.selection.linkFrom == "n9" && console.state.selection.linkTo == "n6")
    }

    @Test("sorting goes through the columns that are shown, and the header says which way")
    func sorting() {
        var console = Fixture()
        let shown = MembersPane.columns(width: 38).map(\.column)
        #expect(!shown.contains(.address))
        var seen: [MemberColumn] = []
        for _ in shown {
            console.type(">")
            seen.append(console.state.view.sort)
        }
        #expect(seen == Array(shown.dropFirst()) + [.node])
        console.type("<")
        #expect(console.state.view.sort == shown.last)
        console.type("<")
        console.state.view.sort = .phi
        console.state.dialogs.flash = nil
        #expect(console.lines[2].contains(" PHI↑"))
        console.type("I")
        #expect(console.lines[2].contains(" PHI↓"))
        // A column that another width showed is left for its neighbour.
        console.state.view.sort = .address
        console.type(">")
        #expect(console.state.view.sort == .status)
    }
}

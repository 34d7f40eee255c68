import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Rectangles of links")
struct RectangleTests {
    private static func console() -> Fixture {
        var console = Fixture(width: 120, height: 40)
        console.type("4V")
        return console
    }

    @Test("x cuts all links in a rectangle one way, and heals them when all are cut")
    func cutting() {
        var console = Self.console()
        // From n1→n2 to n2→n3: four cells, of which n2→n2 is none.
        console.press(.down, .right)
        #expect(console.text.contains("▸ 3 links: n1 n2 → n2 n3"))
        #expect(console.type("x") == [.submit(line: "cut n1 -> n2,n3"), .submit(line: "cut n2 -> n3")])
        console.cluster.links = [("n1", "n2"), ("n1", "n3"), ("n2", "n3")].map {
            LinkSnapshot(from: $0.0, to: $0.1, cut: true)
        }
        console.look()
        #expect(
            console.type("x") == [
                .submit(line: "heal n1 -> n2"), .submit(line: "heal n1 -> n3"), .submit(line: "heal n2 -> n3"),
            ])
    }

    @Test("X cuts both directions of each link")
    func bothWays() {
        var console = Self.console()
        console.press(.right)
        #expect(
            console.type("X") == [
                .submit(line: "cut n1 -> n2,n3"), .submit(line: "cut n2,n3 -> n1"),
            ])
    }

    @Test("d asks once for the delay of all links")
    func delay() {
        var console = Self.console()
        console.press(.right)
        console.type("d")
        #expect(console.text.contains("Delay on 2 links"))
        #expect(
            console.press(.enter) == [.submit(line: "link n1 -> n2,n3 latency 50ms")])
    }

    @Test("Esc and V end a rectangle, and the cell of a node itself holds no link")
    func ending() {
        var console = Self.console()
        console.press(.right, .escape)
        #expect(console.type("x") == [.submit(line: "cut n1 -> n3")])
        console.press(.left, .left)
        console.type("V")
        #expect(console.type("x") == [])
        #expect(console.state.dialogs.flash?.text.contains("holds no link") == true)
        console.type("V")
        #expect(console.state.selection.corner == nil)
    }

    @Test("a drag with the mouse selects the rectangle between two cells, and a click selects one link again")
    func dragging() throws {
        var console = Fixture(width: 120, height: 40)
        console.type("4")
        let area = try #require(console.state.layout(console.feed).slot(of: .network)).rect.inset(x: 1, y: 1)
        // Cells are five columns wide, behind ten for the names.
        let (left, right, top) = (area.x + 16, area.x + 21, area.y + 1)
        console.press(.press(x: left, y: top), .drag(x: right, y: top + 1), .release(x: right, y: top + 1))
        #expect(console.type("x") == [.submit(line: "cut n1 -> n2,n3"), .submit(line: "cut n2 -> n3")])
        console.press(.press(x: left, y: top), .release(x: left, y: top))
        #expect(console.type("x") == [.submit(line: "cut n1 -> n2")])
    }
}

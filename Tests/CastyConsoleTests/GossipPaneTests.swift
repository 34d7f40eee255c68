import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("The pane Gossip") struct GossipPaneTests {
    /// Views of four nodes: the first as given, the others with these clocks.
    private static func console(_ clocks: [[Int: UInt64]], width: Int = 120) -> Fixture {
        var console = Fixture(nodes: clocks.count, width: width, height: 40)
        var snapshot = console.cluster.snapshot()
        for (index, clock) in clocks.enumerated() {
            snapshot.nodes[index].membership.clock = clock.sorted { $0.key < $1.key }.map { number, counter in
                ClockEntry(node: snapshot.nodes[number - 1].node, name: "n\(number)", counter: counter)
            }
        }
        console.feed.take(snapshot)
        console.type("5z")
        return console
    }

    private static func row(_ title: String, _ console: Fixture) -> [Substring] {
        let line = console.lines.first { $0.hasPrefix("┃ \(title) ") } ?? ""
        return line.split(separator: " ").filter { $0 != "┃" }
    }

    @Test("each view's clock is compared with the observer's: same, older, newer, concurrent")
    func order() {
        let console = Self.console([[1: 4, 2: 2], [1: 3, 2: 2], [1: 4, 2: 3], [1: 3, 2: 9]])
        #expect(Self.row("to n1", console) == ["to", "n1", "=", "<", ">", "<>"])
        #expect(console.text.contains("= same  < older  > newer  <> concurrent"))
        #expect(console.text.contains("a number: the changes by the row's node that the column's node knows"))
    }

    @Test("an entry that one view lacks counts as none")
    func missing() {
        let console = Self.console([[1: 1], [1: 1, 2: 1], [2: 1]])
        #expect(Self.row("to n1", console) == ["to", "n1", "=", ">", "<>"])
        #expect(Self.row("n2", console).contains("-·"))
    }

    @Test("of many views those around the cursor are shown, and how many are not")
    func manyViews() {
        var console = Self.console((1...20).map { _ in [1: 1] }, width: 80)
        #expect(console.text.contains("→"))
        #expect(!console.lines[2].contains("n20"))
        console.press(.end)
        #expect(console.lines[2].contains("n20"))
        #expect(console.text.contains("←"))
    }
}

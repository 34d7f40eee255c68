import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Names of nodes on the screen")
struct NodeNameTests {
    /// A console over nodes that are named by their ports, as one that is attached to a cluster shows them.
    private func attached(width: Int, height: Int, _ name: @escaping (String) -> String) -> Fixture {
        var console = Fixture(nodes: 4, width: width, height: height, mode: .attached)
        console.run(20)
        var snapshot = console.cluster.snapshot()
        snapshot.nodes = snapshot.nodes.map { $0.renamed { $0.hasPrefix("n") ? name($0) : $0 } }
        let events = console.cluster.events.map { $0.renamed { $0.hasPrefix("n") ? name($0) : $0 } }
        console.feed = ConsoleFeed(keeping: .console)
        console.feed.take(snapshot, events: events)
        return console
    }

    @Test(
        "names of five digits are whole in every pane, and differ",
        arguments: [(80, 24), (120, 40), (200, 60)])
    func ports(width: Int, height: Int) {
        var console = attached(width: width, height: height) { "2700\($0.dropFirst())" }
        for pane in [Pane.members, .phi, .gossip, .network, .shards, .events] {
            console.state.panes.zoomed = false
            console.state.focus(on: pane)
            console.state.panes.zoomed = true
            for number in 1...4 { #expect(console.text.contains("2700\(number)"), "\(pane) lacks 2700\(number)") }
            #expect(!console.text.contains("270…"), "\(pane) cuts names")
        }
    }

    @Test("each shard of nodes with large numbers has its owner's sign, and the legend says which")
    func owners() {
        var console = attached(width: 120, height: 40) { "2700\($0.dropFirst())" }
        console.state.focus(on: .shards)
        console.state.panes.zoomed = true
        #expect(!console.text.contains("*"))
        for number in 1...4 { #expect(console.text.contains("\(number) 2700\(number) "), "\(console.text)") }
        #expect(console.lines.contains { $0.contains("00 ") && $0.contains("▓1▓2") }, "\(console.text)")
    }

    @Test("a name that has no room loses its begin, not its end")
    func long() {
        #expect(Words.fitName("backend-eu-17", 6) == "…eu-17")
        #expect(Words.fitName("n3", 6) == "n3")
        #expect(Words.fitName("n3", 0) == "")
        var console = attached(width: 80, height: 24) { "a-very-long-name-of-a-host-\($0.dropFirst())" }
        console.state.focus(on: .members)
        for number in 1...4 { #expect(console.lines.contains { $0.contains("host-\(number) ") }, "\(console.text)") }
    }

    @Test("signs are distinct for a hundred nodes, and follow the numbers in the names")
    func signs() {
        let owners = OwnerSigns((1...100).map { "n\($0)" })
        #expect(Set((1...100).map { owners.sign(of: "n\($0)") }).count == 100)
        #expect([1, 9, 10, 35, 36, 61].map { owners.sign(of: "n\($0)") } == ["1", "9", "a", "z", "A", "Z"])
        #expect(owners.needLegend)
        #expect(!OwnerSigns(["n1", "n2"]).needLegend)
        #expect(OwnerSigns(["n2", "n5"]).sign(of: "n5") == "5")
        #expect(OwnerSigns(["a", "b"]).sign(of: "b") == "2")
        #expect(OwnerSigns(["a"]).sign(of: "unknown") == "*")
        let plain = OwnerSigns((1...100).map { "n\($0)" }, tier: .ascii)
        #expect((1...100).allSatisfy { plain.sign(of: "n\($0)").unicodeScalars.allSatisfy(\.isASCII) })
    }
}

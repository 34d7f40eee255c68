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

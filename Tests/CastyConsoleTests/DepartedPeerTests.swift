import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("The curve of a peer that is gone") struct DepartedPeerTests {
    /// Five nodes; n3 is killed, and removed some seconds later.
    private static func console() -> Fixture {
        var console = Fixture(width: 120, height: 40)
        console.run(20)
        console.cluster.silence(3, .killed)
        for _ in 0..<300 where console.feed.departed.of("n1").isEmpty { console.run(1) }
        return console
    }

    @Test("it stays for a minute with the marks of death, suspicion and removal, and goes then")
    func stays() throws {
        var console = Self.console()
        let departed = try #require(console.feed.departed.of("n1").first)
        #expect(departed.figures.name == "n3")
        console.type("2")
        let row = try #require(console.lines.first { $0.contains("n3") && $0.contains("gone") })
        let curve = row.drop { $0 != "▁" }
        #expect(curve.contains("†") && curve.contains("■"))
        let (death, end) = (curve.firstIndex(of: "†"), curve.firstIndex(of: "■"))
        #expect(try #require(death) < #require(end))
        #expect(console.text.contains("† died  ! suspected  ■ removed"))
        console.run(590)
        #expect(!console.feed.departed.of("n1").isEmpty)
        console.run(20)
        #expect(console.feed.departed.of("n1").isEmpty)
        #expect(!console.text.contains("gone"))
    }

    @Test("a member that others monitor from now on is not gone")
    func monitoredByOthers() {
        var console = Fixture(width: 120, height: 40)
        console.run(20)
        var snapshot = console.cluster.snapshot()
        snapshot.version += 1
        snapshot.nodes[0].membership.peers.removeAll { $0.name == "n4" }
        console.feed.take(snapshot)
        #expect(console.feed.departed.of("n1").isEmpty)
    }

    @Test("a new node at its address has its own curve")
    func restarted() {
        var console = Self.console()
        console.cluster.start(3)
        console.run(30)
        #expect(console.feed.departed.of("n1").isEmpty)
        console.type("2")
        #expect(!console.text.contains("gone"))
    }
}

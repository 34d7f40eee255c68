import CastyObservability
import Testing

@testable import CastyConsole

@Suite("A frozen node that the others have removed")
struct RemovedNodeTests {
    /// n4 is frozen, and n1, n2, n3 and n5 have gone on without it; it still believes that it hosts its shards.
    private static func console(width: Int = 200, height: Int = 60) -> (Fixture, ClusterSnapshot) {
        var console = Fixture(width: width, height: height)
        console.run(10)
        let before = console.cluster.snapshot().nodes[3]
        console.cluster.silence(4, .frozen)
        console.run(120)
        var snapshot = console.cluster.snapshot()
        snapshot.nodes[3].sharding = before.sharding
        snapshot.nodes[3].membership = before.membership
        console.feed.take(snapshot)
        return (console, snapshot)
    }

    @Test("Members and Shards count the same shards, each once")
    func counts() throws {
        let (console, _) = Self.console()
        let scene = Scene(console.feed, console.state)
        let row = try #require(scene.reading.row("n4"))
        #expect(row.displayStatus == .removed && row.state == .frozen)
        let shards = try #require(scene.shards)
        #expect(!shards.owners.contains { $0.name == "n4" })
        for owner in shards.owners { #expect(scene.reading.row(owner.name)?.shards == owner.shards) }
        #expect(shards.owners.reduce(0) { $0 + $1.shards } == shards.cells.count { $0.owner != nil })
        #expect(console.lines.contains { $0.contains("n4") && $0.contains("removed ‖") })
    }

    @Test("Why says that it was removed, and offers no key that is refused")
    func why() {
        let (console, _) = Self.console()
        let text = WhyNode.lines("n4", Scene(console.feed, console.state)).map(\.text).joined(separator: "\n")
        #expect(text.contains("n4 is removed in the view of n1"))
        #expect(!text.contains("no node calls it unreachable"))
        #expect(!text.contains("D down"))
        #expect(text.contains("t thaw it · K kill"))
    }

    @Test("a running node that the view does not list is no member there")
    func unlisted() {
        var console = Fixture(nodes: 3)
        console.run(10)
        console.cluster.nodes[2].status = nil
        console.run(1)
        let text = WhyNode.lines("n3", Scene(console.feed, console.state)).map(\.text).joined(separator: "\n")
        #expect(text.contains("n1 does not list it as a member"))
        #expect(text.contains("it has run since 0.0"))
    }
}

import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Shards without a home on the shard pane")
struct UnplacedTests {
    @Test("a shard that is needed and has no home is marked with the reason; one that is not needed is not")
    func unplaced() {
        var console = Fixture(nodes: 3, width: 140, height: 50)
        #expect(!console.text.contains("?·"))
        var snapshot = console.cluster.snapshot()
        // The sample has no home for its last two shards.
        for index in snapshot.nodes.indices {
            snapshot.nodes[index].sharding[0].unplaced = [
                UnplacedShard(shard: 63, cause: .noNodeWithRole("backend"))
            ]
        }
        snapshot.nodes[1].sharding[0].unavailable = .noNodeWithRole("backend")
        console.feed.take(snapshot)
        console.state.selection.shard = 63
        #expect(console.text.contains("··?·"))
        #expect(console.text.contains("?·1 without a home"))
        #expect(console.text.contains("··1 unallocated"))
        #expect(console.text.contains("no home: no node with the role backend is up"))
        console.state.selection.shard = 62
        #expect(console.text.contains("the next message allocates it"))
        #expect(console.text.contains("no home for shards: no node"))
    }

    @Test("a pane that is narrow shows the whole reason, on several lines")
    func narrow() {
        var console = Fixture(nodes: 3, width: 80, height: 28)
        var snapshot = console.cluster.snapshot()
        snapshot.nodes[1].sharding[0].unavailable = .noNodeWithRole("backend")
        console.feed.take(snapshot)
        console.state.panes.focus = .shards
        console.state.selection.shard = 62
        let rows = console.text.split(separator: "\n")
        let first = rows.firstIndex { $0.contains("no home for shards") }
        #expect(first != nil)
        guard let first else { return }
        let reason = rows[first...].prefix(2).map { row in
            row.split(whereSeparator: { "┃│".contains($0) }).first.map(String.init) ?? ""
        }.map { $0.drop { $0 == " " } }.joined()
        #expect(reason.contains("backend is up; start one"))
    }
}

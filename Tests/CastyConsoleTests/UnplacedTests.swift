import CastyInspection
import CastyPrimitives
import Testing

@testable import CastyConsole

@Suite("Shards without a home on the shard pane")
struct UnplacedTests {
    @Test("a shard that is wanted and has no home is marked, and says why; one that nobody has asked for is not")
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
        console.state.shard = 63
        #expect(console.text.contains("··?·"))
        #expect(console.text.contains("?·1 without a home"))
        #expect(console.text.contains("··1 unallocated"))
        #expect(console.text.contains("no home: no node with the role backend is up"))
        console.state.shard = 62
        #expect(console.text.contains("the next message allocates it"))
        #expect(console.text.contains("no home for shards: no node"))
    }
}

import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Remembered entities on the shard pane")
struct RememberedTests {
    @Test("how many are back is shown while some are not, and why none can be remembered")
    func progress() {
        var console = Fixture(nodes: 3, width: 140, height: 50)
        var snapshot = console.cluster.snapshot()
        #expect(!console.text.contains("remembered"))
        for index in 0..<2 {
            snapshot.nodes[index].sharding[0].shards[0].remembered = 5
            snapshot.nodes[index].sharding[0].shards[0].restarted = 2
        }
        snapshot.nodes[1].sharding[0].storeTrouble = StoreTrouble(isReading: false, error: "full")
        console.feed.take(snapshot)
        #expect(console.text.contains("4 of 10 remembered back"))
        #expect(console.text.contains("n2: which entities are remembered"))
        for index in 0..<2 { snapshot.nodes[index].sharding[0].shards[0].restarted = 5 }
        snapshot.nodes[1].sharding[0].storeTrouble = nil
        console.feed.take(snapshot)
        #expect(!console.text.contains("remembered"))
    }
}

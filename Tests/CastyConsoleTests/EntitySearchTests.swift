import CastyCore
import CastyObservability
import CastyPlacement
import Testing

@testable import CastyConsole

@Suite("Finding entities on the shard pane")
struct EntitySearchTests {
    private func console() -> Fixture {
        var console = Fixture(nodes: 3, width: 140, height: 50)
        console.run(5)
        console.press(.character("3"))
        return console
    }

    @Test("a filter lists what it finds in all shards, with where it runs, and takes the cursor there")
    func find() throws {
        var console = console()
        let entity = try #require(
            console.cluster.snapshot().nodes[1].sharding[0].shards.last { !$0.entities.isEmpty }?.entities.last)
        let shard = try #require(
            console.cluster.snapshot().nodes[1].sharding[0].shards.last { !$0.entities.isEmpty }?.shard)
        console.press(.character("/"))
        console.type(entity.id)
        #expect(console.state.selection.shard == shard)
        #expect(console.lines.contains { $0.contains(entity.id) && $0.contains("\(shard) → n2") })
        console.press(.enter, .escape)
        #expect(!console.lines.contains { $0.contains("\(shard) → n2  ") && $0.contains("found") })
    }

    @Test("an id that does not run is shown with the shard it belongs to")
    func home() {
        var console = console()
        let id = "missing-12345"
        let shard = StableHash.shard(of: id, count: 64)
        console.press(.character("/"))
        console.type(id)
        #expect(console.state.selection.shard == shard)
        #expect(console.text.contains("home: shard \(shard) → n"))
    }

    @Test("why of an entity explains its shard")
    func why() {
        var console = console()
        console.press(.character(":"))
        console.type("why entity account-7")
        console.press(.enter)
        #expect(console.state.panes.focus == .why)
        #expect(console.state.explanation.subject == .shard(StableHash.shard(of: "account-7", count: 64)))
    }
}

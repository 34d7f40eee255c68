import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Whose view a figure is")
struct ReadingTests {
    @Test("phi is the observer's own: none of itself, none of whom it does not monitor")
    func phiOfTheObserver() {
        var console = Fixture(nodes: 3)
        console.run(10)
        var snapshot = console.cluster.snapshot()
        // The other side of a cut has given up on n1 and n2; n1 monitors n2 only.
        for index in snapshot.nodes[2].membership.peers.indices { snapshot.nodes[2].membership.peers[index].phi = 737 }
        snapshot.nodes[0].membership.peers.removeAll { $0.name == "n3" }
        console.feed.take(snapshot)
        let rows = ClusterReading(console.feed, observer: "n1").rows
        #expect(rows.map { $0.phi != nil } == [false, true, false])
        #expect(rows[1].phi.map { $0 < 1 } == true)
        #expect(ClusterReading(console.feed, observer: "n3").rows.map(\.phi) == [737, 737, nil])
        #expect(!console.text.contains("737"))
    }

    @Test("another content of the newest version is marked in the lag, in ASCII too")
    func divergence() {
        var console = Fixture(nodes: 3)
        var snapshot = console.cluster.snapshot()
        snapshot.nodes[2].membership.digest = 1
        console.feed.take(snapshot)
        #expect(ClusterReading(console.feed, observer: "n1").rows.map(\.diverges) == [false, false, true])
        #expect(console.lines[5].contains("≠"))
        console.state.look.setASCII(true)
        #expect(console.lines[5].contains(" !"))
        // Two views of one node each: the observer's counts.
        snapshot.nodes.remove(at: 1)
        console.feed.take(snapshot)
        #expect(ClusterReading(console.feed, observer: "n3").rows.map(\.diverges) == [true, false, false])
    }

    @Test("a crossing belongs to one incarnation and one silence of the peer")
    func crossings() {
        var console = Fixture(nodes: 3)
        console.run(10)
        console.cluster.silence(2, .killed)
        console.run(40)
        func forecast() -> String {
            let scene = Scene(console.feed, console.state)
            guard let observer = scene.reading.observer,
                let peer = observer.membership.peers.first(where: { $0.name == "n2" })
            else { return "" }
            return PhiPane.forecast(peer, observer, scene).0
        }
        #expect(forecast().contains("crossed 8.0 at 3.5,"))
        console.cluster.start(2)
        console.run(30)
        #expect(forecast().contains("crosses 8.0 after"))
        console.cluster.silence(2, .killed)
        console.run(30)
        #expect(forecast().contains("crossed 8.0 at 10."), "\(forecast())")
        console.cluster.start(2)
        console.cluster.silence(2, .frozen)
        console.run(1)
        #expect(!forecast().contains("crossed"))
    }

    @Test("a member that was declared down is down, whatever else is said of it")
    func down() {
        #expect(DisplayStatus(status: .down, unreachable: true) == .down)
    }
}

@Suite("Which events are one line")
struct GroupingTests {
    private func event(
        _ node: String, _ milliseconds: Int64, _ number: UInt64, _ kind: EventKind, subject: String? = nil,
        shard: Int? = nil
    ) -> RuntimeEvent {
        RuntimeEvent(
            time: Instant(nanoseconds: milliseconds * 1_000_000), id: EventID(node: node, number: number), kind: kind,
            subject: subject, shard: shard, to: shard == nil ? nil : "n1")
    }

    @Test("shards of a later decision begin a new line")
    func shards() {
        var log = EventLog()
        log.append((0..<8).map { event("n1", 2400 + Int64($0) * 50, UInt64($0 + 1), .shardAllocated, shard: $0) })
        log.append((8..<12).map { event("n1", 4500, UInt64($0 + 1), .shardAllocated, shard: $0) })
        #expect(log.entries.map(\.number) == [0, 8])
        #expect(log.entries.map { log.group(of: $0.number).shards.count } == [8, 4])
    }

    @Test("the three seconds count from the first view, and a second view of one node begins anew")
    func views() {
        var log = EventLog()
        log.append([
            event("n1", 0, 1, .memberUnreachable, subject: "n3"),
            event("n2", 2900, 1, .memberUnreachable, subject: "n3"),
            event("n4", 3100, 1, .memberUnreachable, subject: "n3"),
            event("n4", 3200, 2, .memberUnreachable, subject: "n3"),
        ])
        #expect(log.entries.map(\.number) == [0, 2, 3])
        #expect(log.group(of: 0).observers == ["n1", "n2"])
    }

    @Test("the leader and the oldest both have a mark, and the legend says which")
    func leader() throws {
        var console = Fixture(nodes: 3)
        #expect(console.lines.contains { $0.contains("n1") && $0.contains("up ★◆") })
        var snapshot = console.cluster.snapshot()
        let third = try #require(snapshot.nodes.last?.node)
        for index in snapshot.nodes.indices { snapshot.nodes[index].membership.leader = third }
        console.feed.take(snapshot)
        #expect(console.lines.contains { $0.contains("n3") && $0.contains("up ◆") })
        #expect(console.lines.contains { $0.contains("★ oldest   ◆ leader") })
        console.state.look.setASCII(true)
        #expect(console.lines.contains { $0.contains("n3") && $0.contains("up ^") })
    }
}

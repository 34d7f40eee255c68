import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("A scenario that goes on from a snapshot")
struct SnapshotScenarioTests {
    private func scenario(_ change: (inout ClusterSnapshot) -> Void = { _ in }) throws -> (String, Scenario) {
        var cluster = SampleCluster(nodes: 5)
        cluster.advance(.seconds(4))
        var snapshot = cluster.snapshot()
        change(&snapshot)
        let text = try #require(SnapshotScenario(snapshot, title: "shop").text)
        return (text, try Scenario.parse(text, file: "text"))
    }

    private func commands(_ scenario: Scenario) -> [String] { scenario.statements.map { "\($0.command)" } }

    @Test("it has the members, shards, settings and entities that were known, and can be read")
    func setup() throws {
        let (text, scenario) = try scenario()
        #expect(scenario.header.nodes == 5)
        #expect(scenario.header.shards == 64)
        #expect(scenario.header.preset == .responsive)
        #expect(commands(scenario).contains("set pause 1s"))
        #expect(commands(scenario).contains("expect members n1,n2,n3,n4,n5 up within 2m"))
        #expect(commands(scenario).contains("spawn account-1"))
        #expect(text.contains("# Known"))
        #expect(text.contains("# Invented"))
        #expect(text.contains("# All members ran."))
    }

    @Test("what an observer did not hear from is killed, and said not to be known")
    func silent() throws {
        let (text, scenario) = try scenario { snapshot in
            snapshot.nodes[2].state = .silent
            snapshot.observer = ObserverSnapshot(
                clock: WallClock(milliseconds: 43_200_000, at: .start), contact: "n1",
                silent: [.init(node: "n3", since: .start + .seconds(2))])
            // Never heard of: only a member of the others' views.
            snapshot.nodes.remove(at: 3)
        }
        #expect(commands(scenario).contains("kill n3,n4"))
        #expect(text.contains("whether crashed, hung or cut off is not known"))
        #expect(text.contains("n3 was 127.0.0.3:25520: up, not answering since 12:00:02"))
        #expect(text.contains("from 1970-01-01 12:00:04, 4.0 s of the cluster shop"))
    }

    @Test("what a test cluster knows becomes the same fault")
    func faults() throws {
        let (_, scenario) = try scenario { snapshot in
            snapshot.nodes[1].state = .frozen
            snapshot.nodes[3].state = .killed
            snapshot.links = [LinkSnapshot(from: "n1", to: "n5", cut: true)]
        }
        let lines = commands(scenario)
        #expect(lines.contains("freeze n2"))
        #expect(lines.contains("kill n4"))
        #expect(lines.contains("cut n1 -> n5"))
    }

    @Test("the oldest is n1, roles go with their nodes, and names that are no words are left out")
    func names() throws {
        let (text, scenario) = try scenario { snapshot in
            for index in snapshot.nodes.indices {
                snapshot.nodes[index].membership.members[4].upNumber = 0
                snapshot.nodes[index].membership.members[4].roles = ["backend", "bad role\nkill n1"]
            }
        }
        #expect(text.contains("# n1 was 127.0.0.5:25520"))
        #expect(commands(scenario).contains("roles n1 backend"))
        #expect(!commands(scenario).contains { $0.hasPrefix("kill") })
    }

    @Test("without any member there is none")
    func none() {
        #expect(SnapshotScenario(ClusterSnapshot(time: .start, version: 0, nodes: []), title: "x").text == nil)
    }
}

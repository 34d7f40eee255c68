import CastyInvariants
import CastyObservability
import CastyReporting
import CastyTestbed
import Testing

/// What operators ask for counts when the cluster has confirmed it, not when it was said.
@Suite("Operators' orders")
struct VerbTests {
    private static let three = """
        nodes 3
        expect members n1,n2,n3 up within 15s
        spawn account-1..account-60
        expect shards balanced within 20s
        wait 3s

        """

    /// The shards of accounts that a node shows at the end.
    private func shards(on name: String, in run: StoryRun) -> Int {
        run.testbed.snapshot.nodes.first { $0.name == name }?.sharding
            .first { $0.type == "account" }?.shards.count ?? -1
    }

    @Test(
        "a drain that is given through the coordinator's node, which dies in the same moment, is carried out by the next"
    )
    func drainThroughDyingNode() throws {
        let run = try StoryRun(
            Self.three + "drain n3\nkill n1\nwait 25s\nexpect shards balanced within 20s")
        #expect(run.result.status == .passed, "\(run.events.filter { $0.kind == .expectationFailed }.map(\.json))")
        #expect(shards(on: "n3", in: run) == 0)
        #expect(shards(on: "n2", in: run) == 24)
        #expect(run.events.contains { $0.text?.hasPrefix("account: drain n3, ") == true })
    }

    @Test("shards are not called balanced before a drain is confirmed")
    func balanceWaits() throws {
        let run = try StoryRun(Self.three + "drain n3\nexpect shards balanced\nwait 5s")
        let seen = run.events.filter { $0.kind == .expectationFailed }.compactMap(\.reason?.word)
        #expect(run.result.failed == 1)
        #expect(seen == ["account: drain n3 is not confirmed yet"])
    }

    @Test("an order that no node can take fails its line within a bound")
    func nobodyConfirms() throws {
        let run = try StoryRun(
            Self.three + "freeze n2,n3\nwait 4s\ndrain n3\nfreeze n1\nwait 60s\nthaw n1,n2,n3", toleratesRefusals: false
        )
        let failed = run.events.filter { $0.kind == .expectationFailed }
        #expect(run.result.failed == 2, "\(failed.map(\.json))")
        #expect(failed.first?.reason?.word.hasPrefix("not confirmed within") == true)
    }

    @Test("a member is declared down by another node when the first one dies before it has gossiped it")
    func downThroughDyingNode() throws {
        let run = try StoryRun(
            "set downing none\nnodes 3\nexpect members n1,n2,n3 up within 15s\nwait 3s\nkill n3\nwait 4s\n"
                + "down n3\nkill n1\nexpect n3 down on n2 within 5s")
        #expect(run.result.status == .passed, "\(run.events.filter { $0.kind == .expectationFailed }.map(\.json))")
    }

    @Test("an ask whose node is killed fails at once, and a tell whose node is killed is reported as lost")
    func messagesThroughDyingNode() throws {
        let run = try StoryRun(
            Self.three + "link all latency 200ms\nat +1000ms ask account-1 balance via n2 within 30s\n"
                + "at +1000ms tell account-1..account-30 deposit 1 via n2\nat +1050ms kill n2\nwait 10s")
        let failed = run.events.filter { $0.kind == .expectationFailed }
        #expect(run.result.failed == 1)
        #expect(failed.first?.reason == .text("no reply: n2, which asked, was killed"))
        let lost = run.events.filter { $0.kind == .messageLost && $0.reason == .lost(.killed("n2")) }
        #expect(!lost.isEmpty)
        #expect(lost.allSatisfy { $0.node == EventID.testbed && $0.entity?.hasPrefix("account-") == true })
    }
}

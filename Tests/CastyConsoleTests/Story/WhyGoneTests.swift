import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Why a node is gone, and why a row is there")
struct WhyGoneTests {
    /// Why a node is as it is, as text.
    private static func why(_ name: String, _ console: Fixture) -> String {
        WhyNode.lines(name, Scene(console.feed, console.state)).map { "\($0.label) \($0.text)" }
            .joined(separator: "\n")
    }

    private static func why(_ event: RuntimeEvent, _ console: Fixture) -> String {
        WhyEvent.lines(event, Scene(console.feed, console.state)).map { "\($0.label) \($0.text)" }
            .joined(separator: "\n")
    }

    @Test("a later cut at a node that is gone does not replace the story in which it went")
    func laterFault() {
        var console = Fixture()
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(100)
        console.cluster.note(EventID.testbed, .cut, from: "n3", to: "n1")
        console.cluster.note(EventID.testbed, .healed, from: "n3", to: "n1")
        console.run(2)
        #expect(Self.why("n3", console).contains("n3 killed: a crash, no goodbye"))
        #expect(Self.why("n1", console).contains("n3 cut one way to n1"))
    }

    @Test("a node that the others removed was not stopped by a person; one that was reported to leave was")
    func stopped() {
        var console = Fixture()
        console.run(10)
        func stop(_ number: Int, _ reason: StopReason) {
            console.cluster.nodes[number - 1].state = .stopped
            console.cluster.nodes[number - 1].status = nil
            console.cluster.note(EventID.testbed, .nodeStopped, subject: "n\(number)", reason: .stopped(reason))
        }
        stop(3, .removed)
        console.cluster.note("n4", .memberLeaving, subject: "n4", reason: .membership(.command))
        stop(4, .left)
        stop(5, .downed)
        console.run(1)
        #expect(Self.why("n3", console).contains("stopped at 1.0: removed by the others"))
        #expect(Self.why("n4", console).contains("stopped at 1.0, by you: left"))
        #expect(Self.why("n5", console).contains("stopped at 1.0: downed"))
        #expect(!Self.why("n3", console).contains("← you"))
    }

    @Test("a lost message is explained by the fault of the node that it was sent to")
    func loss() throws {
        var console = Fixture()
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(5)
        console.cluster.note(
            "n1", .messageLost, to: "casty://casty@127.0.0.3:25520/sharding/account",
            reason: .lost(.ledger(.unreachable)))
        console.cluster.note(
            "n1", .messageLost, to: "casty://casty@127.0.0.4:25520/sharding/account",
            reason: .lost(.ledger(.unreachable)))
        console.run(1)
        let losses = console.feed.log.events.filter { $0.kind == .messageLost }
        try #require(losses.count == 2)
        #expect(Self.why(losses[0], console).contains("n3 killed: a crash, no goodbye"))
        #expect(!Self.why(losses[1], console).contains("n3 killed"))
        #expect(Self.why(losses[1], console).contains("no event tells what led to it"))
    }

    @Test("what a person healed is by that person")
    func healed() throws {
        var console = Fixture()
        console.run(10)
        console.cluster.note(EventID.testbed, .healed)
        console.run(1)
        let heal = try #require(console.feed.log.events.last { $0.kind == .healed })
        #expect(Self.why(heal, console).contains("by you"))
        #expect(!Self.why(heal, console).contains("first cause"))
    }
}

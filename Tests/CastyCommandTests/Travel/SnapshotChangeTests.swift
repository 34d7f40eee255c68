import CastyCore
import CastyInvariants
import CastyObservability
import CastySerialization
import CastyTestbed
import NIOCore
import Testing

@testable import CastyCommand

@Suite("Changes of snapshots")
struct SnapshotChangeTests {
    /// The snapshots of a simulated cluster through a fault: a new one every tenth of a second.
    private static func snapshots(until end: Duration) throws -> [ClusterSnapshot] {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 3), settings: TestClusterSettings(),
            checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3, 4])
        try testbed.load(perSecond: 50, entities: 20, for: .seconds(60))
        var snapshots: [ClusterSnapshot] = []
        while testbed.now < .start + end {
            try testbed.advance(until: testbed.now + .milliseconds(100))
            snapshots.append(testbed.snapshot)
            if snapshots.count == 80 { try testbed.kill(3) }
        }
        return snapshots
    }

    private static func size(_ value: some Encodable) throws -> Int {
        var buffer = ByteBuffer()
        try BinarySerializer().encode(value, context: .empty, into: &buffer)
        return buffer.readableBytes
    }

    @Test("each change makes the next snapshot of the one before, through joins, load and a death, and is small")
    func sequence() throws {
        var shown: ClusterSnapshot?
        var (changes, wholes) = (0, 0)
        for next in try Self.snapshots(until: .seconds(20)) {
            let change = SnapshotChange(from: shown, to: next)
            changes += try Self.size(change)
            wholes += try Self.size(next)
            shown = change.applied(to: shown)
            #expect(shown == next)
        }
        #expect(shown?.nodes.count == 4)
        #expect(changes * 2 < wholes, "\(changes) of \(wholes) bytes")
    }

    @Test("a change of another snapshot is refused")
    func otherSnapshot() throws {
        let snapshots = try Self.snapshots(until: .seconds(6))
        let change = SnapshotChange(from: snapshots[40], to: snapshots[41])
        #expect(change.applied(to: nil) == nil)
        #expect(change.applied(to: snapshots[0]) != snapshots[41])
    }

    @Test("a list says the elements that changed, or all of them if its length has")
    func lists() {
        var list = [1, 2, 3, 4, 5]
        let some = ListChange(from: list, to: [1, 2, 9, 4, 5])
        let all = ListChange(from: list, to: [1, 2])
        var short = [1]
        #expect(!some.apply(to: &short))
        #expect(some.apply(to: &list) && list == [1, 2, 9, 4, 5])
        #expect(all.apply(to: &list) && list == [1, 2])
    }
}

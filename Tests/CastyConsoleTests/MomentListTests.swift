import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("The kept moments of a cluster")
struct MomentListTests {
    /// What a console has seen of a sample cluster in which n3 dies.
    private func story(seconds: Int, limits: MomentList.Limits = .console) -> (MomentList, [ClusterSnapshot]) {
        var cluster = SampleCluster(nodes: 5)
        var list = MomentList(limits)
        var snapshots: [ClusterSnapshot] = []
        for tenth in 0..<seconds * 10 {
            if tenth == 45 { cluster.silence(3, .killed) }
            let snapshot = cluster.snapshot()
            snapshots.append(snapshot)
            list.take(snapshot, hasEvents: false)
            cluster.advance(.milliseconds(100))
        }
        return (list, snapshots)
    }

    @Test("a moment a second is kept, and reads back as it was")
    func readsBack() throws {
        let (list, snapshots) = story(seconds: 20)
        #expect(list.count == 20)
        for index in 0..<list.count {
            let snapshot = try #require(list.snapshot(at: index))
            #expect(snapshot == snapshots.first { $0.time == snapshot.time })
        }
    }

    @Test("soon after an event there is a moment, however many events there are")
    func afterEvents() {
        var cluster = SampleCluster(nodes: 3)
        var list = MomentList()
        for step in 0..<100 {
            list.take(cluster.snapshot(), hasEvents: step == 50 || step > 80)
            cluster.advance(.milliseconds(10))
        }
        let times = list.moments.map { $0.time.nanoseconds / 1_000_000 }
        #expect(times == [0, 500, 810, 910])
    }

    @Test("an event just after a moment gets the next one")
    func owed() {
        var cluster = SampleCluster(nodes: 3)
        var list = MomentList()
        for step in 0..<30 {
            list.take(cluster.snapshot(), hasEvents: step == 1)
            cluster.advance(.milliseconds(10))
        }
        #expect(list.moments.map { $0.time.nanoseconds / 1_000_000 } == [0, 100])
    }

    @Test("it goes back as far as it may and no further, and its size is that of what it holds")
    func bounds() {
        let (list, _) = story(seconds: 60, limits: .init(span: .seconds(20), bytes: 100 << 20))
        #expect(list.count == 21)
        #expect(list.isCut)
        #expect(list.bytes == list.moments.reduce(0) { $0 + $1.ownBytes })
        // The first moment shares nothing with a forgotten one.
        #expect(list.moments[0].isShared.allSatisfy { !$0 })
        let (small, _) = story(seconds: 60, limits: .init(span: .seconds(600), bytes: list.bytes / 4))
        #expect(small.bytes <= list.bytes / 4)
        #expect(small.count > 1)
        #expect(small.last == list.last)
    }

    @Test("parts that do not change are kept once")
    func shares() {
        let (list, _) = story(seconds: 40)
        let whole = list.moments.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.count } }
        #expect(list.bytes < whole)
        // Associations of the sample never change, memberships with the death of a node only.
        let later = list.moments.suffix(20)
        for part in [Moment.NodePart.membership, .associations] {
            #expect(later.allSatisfy { $0.isShared[Moment.index(part, of: 0)] })
        }
        #expect(later.allSatisfy { !$0.isShared[Moment.index(.peers, of: 0)] })
    }

    @Test("the moment at a time is the latest before it, that of an event the first that shows it")
    func indices() {
        let (list, _) = story(seconds: 5)
        #expect(list.index(at: .start - .seconds(1)) == nil)
        #expect(list.index(at: .start) == 0)
        #expect(list.index(at: .start + .milliseconds(2999)) == 2)
        #expect(list.index(at: .start + .seconds(100)) == 4)
        #expect(list.index(from: .start + .milliseconds(2001)) == 3)
        #expect(list.index(from: .start + .seconds(100)) == nil)
    }

    @Test("the curves of a moment are those that were drawn then")
    func curves() {
        var cluster = SampleCluster(nodes: 4)
        var list = MomentList()
        var drawn: [Instant: [Float]] = [:]
        var history = PhiHistory()
        for tenth in 0..<400 {
            if tenth == 100 { cluster.silence(3, .killed) }
            let snapshot = cluster.snapshot()
            history.sample(snapshot)
            if list.take(snapshot, hasEvents: false) {
                drawn[snapshot.time] = history.values(observer: "n1", subject: "n3", count: 60)
            }
            cluster.advance(.milliseconds(100))
        }
        for index in 0..<list.count {
            let values = list.past(at: index).phi.values(observer: "n1", subject: "n3", count: 60)
            let expected = drawn[list.time(at: index)] ?? []
            // The newest value may still have grown within its quarter of a second.
            #expect(zip(values, expected).dropLast().allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
        }
    }
}

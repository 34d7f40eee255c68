import CastyInvariants
import CastyTestbed
import Testing

/// Runs in which the cluster once broke a promise: each is kept as it was found, with all rules on.
@Suite("Faults that were found, run again")
struct RecordedFaultTests {
    /// Deposits to a range of accounts, again and again, through each node of a list in turn.
    private func deposits(
        _ entities: String, via nodes: [String], from first: Int, to last: Int, every step: Int
    ) -> String {
        stride(from: first, through: last, by: step).flatMap { time in
            nodes.enumerated().map { index, node in
                "at +\(time + 20 * index)ms tell \(entities) deposit 1 via \(node)"
            }
        }.joined(separator: "\n")
    }

    @Test("a first seed that comes back while the other member leaves founds no second cluster")
    func restartedSeedBesideLeavers() throws {
        let run = try StoryRun(
            """
            seed 9000004
            nodes 2
            shards 24
            expect members n1,n2 up within 15s
            spawn account-1..account-12
            expect shards balanced within 20s
            wait 3s
            at +1000ms kill n1
            at +1300ms leave n2
            at +1400ms restart n1
            \(deposits("account-1..account-6", via: ["n1", "n2"], from: 1500, to: 7500, every: 50))
            wait 11s
            expect single-activation
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("members that have their first lease late are given shards, though nothing else happens in the cluster")
    func lateLease() throws {
        let run = try StoryRun(
            """
            seed 14
            set preset lan
            nodes 9
            expect members n1,n2,n3,n4,n5,n6,n7,n8,n9 up within 30s
            spawn account-1..account-40
            expect shards balanced within 47s
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test(
        "the hello of a dead incarnation that a node reads last, when it thaws, evicts no member",
        arguments: [4, 5, 6, 9, 12])
    func lateHello(seed: Int) throws {
        let run = try StoryRun(
            """
            seed \(seed)
            nodes 3
            expect members n1,n2,n3 up within 20s
            wait 2s
            freeze n1
            start n4
            at +100ms kill n4
            at +150ms restart n4
            at +1300ms thaw n1
            wait 30s
            expect members n1,n2,n3,n4 up
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("a coordinator that hung for longer than tombstones are kept stops when it wakes, and grants nothing")
    func hungPastTombstones() throws {
        let run = try StoryRun(
            """
            seed 9000040
            set tombstones 30s
            nodes 3
            shards 24
            expect members n1,n2,n3 up within 15s
            spawn account-1..account-24
            expect shards balanced within 20s
            wait 3s
            at +1s freeze n1
            at +200s thaw n1
            \(deposits("account-1..account-24", via: ["n2"], from: 199_000, to: 207_950, every: 100))
            wait 215s
            expect single-activation
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("the oldest, cut off with a joiner that it has just promoted, does not stay beside the others")
    func keepOldestWithJoiner() throws {
        let run = try StoryRun(
            """
            seed 9000030
            set downing keep-oldest
            nodes 5
            shards 24
            expect members n1,n2,n3,n4,n5 up within 15s
            spawn account-1..account-60
            expect shards balanced within 20s
            wait 2s
            link all latency 100ms
            wait 2s
            start n6
            link n6 n2 latency 100ms
            link n6 n3 latency 100ms
            link n6 n4 latency 100ms
            link n6 n5 latency 100ms
            load 100/s over 60 entities for 15s
            at +250ms cut n1,n6 | n2,n3,n4,n5
            wait 25s
            expect single-activation
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("a node that thaws and gets new peers to watch holds no lease for it")
    func thawedWithNewMonitors() throws {
        let everyone = (1...14).map { "n\($0)" }.joined(separator: ",")
        let run = try StoryRun(
            """
            seed 8100012
            set downing keep-oldest
            nodes 14
            shards 48
            expect members \(everyone) up within 30s
            spawn account-1..account-200
            expect shards balanced within 30s
            wait 3s
            load 600/s over 200 entities for 30s
            at +2000ms kill n11,n12,n13
            at +2900ms freeze n14
            at +16000ms thaw n14
            wait 22s
            expect single-activation
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("a leave ends though a member cannot be reached and no downing removes it")
    func leaveEnds() throws {
        let run = try StoryRun(
            """
            set downing none
            nodes 3
            expect members n1,n2,n3 up within 10s
            kill n3
            expect n3 unreachable within 5s
            leave n2
            expect stopped n2 within 10m
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("a restarted node of two, with one shard, breaks no rule")
    func oneShardAfterRestart() throws {
        let run = try StoryRun(
            """
            nodes 2
            shards 1
            expect members n1,n2 up within 10s
            tell account-1 deposit 1
            kill n1
            restart n1
            wait 40s
            """)
        #expect(run.result.status == .passed, "\(run.complaints)")
    }
}

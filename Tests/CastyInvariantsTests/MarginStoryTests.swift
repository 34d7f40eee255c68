import CastyCore
import CastyInvariants
import CastyPlacement
import CastyTestbed
import Testing

/// Leavers whose word the next coordinator did not hear.
@Suite("Margins in a running cluster")
struct MarginStoryTests {
    /// n2 has begun to exit with shards when the coordinator leaves too, and is cut off before it hears so.
    static func cutOff(after leave: Int, cut: Int) -> String {
        var story = """
            nodes 3
            shards 24
            expect members n1,n2,n3 up within 15s
            spawn account-1..account-60
            expect shards balanced within 20s
            wait 3s
            link all latency 50ms
            wait 2s
            at +2000ms leave n2
            at +\(2000 + leave)ms leave n1
            at +\(2000 + leave + cut)ms cut n2 | n1,n3

            """
        for time in stride(from: 2300, through: 4600, by: 50) {
            for account in 1...12 {
                story += "at +\(time)ms tell account-\(account) deposit 1 via n2\n"
                story += "at +\(time + 20)ms tell account-\(account) deposit 1 via n3\n"
            }
        }
        return story + "wait 11s\nexpect single-activation"
    }

    @Test(
        "two leavers at once, of which one is cut off before the next coordinator heard it, run no entity twice",
        arguments: [UInt64(1), 9_000_001])
    func twoLeavers(seed: UInt64) throws {
        for (leave, cut) in [(180, 5), (150, 30), (220, 1)] {
            let reported = try StoryRun(Self.cutOff(after: leave, cut: cut), seed: seed).broken
            // The story is about sharding; that the leader marks and removes in one step is for the rules of the detector.
            let sharding = reported.filter { $0.hasPrefix("S") }
            #expect(sharding.isEmpty, "seed \(seed), leave \(leave) ms, cut \(cut) ms: \(sharding.sorted())")
        }
    }

    @Test(
        "a coordinator that takes the way out of a member for its word is caught",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"))
    func trustsLeavers() throws {
        let reported = try StoryRun(Self.cutOff(after: 180, cut: 5), seed: 9_000_001) {
            $0.shardingMutations = [.trustsLeavers]
        }.broken
        #expect(!reported.isDisjoint(with: ["S1", "S2"]), "broken were \(reported.sorted())")
    }

    @Test("a graceful leave waits for no margin", arguments: [UInt64(1), 2, 3])
    func graceful(seed: UInt64) throws {
        let story = """
            nodes 3
            expect members n1,n2,n3 up within 15s
            spawn account-1..account-30
            expect shards balanced within 20s
            leave n1
            wait 300ms
            leave n2
            expect stopped n1 within 3s
            expect stopped n2 within 3s
            ask account-1 balance within 1s
            ask account-2 balance within 1s
            ask account-3 balance within 1s
            ask account-4 balance within 1s
            ask account-5 balance within 1s
            ask account-6 balance within 1s
            """
        let run = try StoryRun(story, seed: seed, toleratesRefusals: false)
        #expect(run.result.status == .passed, "seed \(seed): \(run.complaints)")
    }
}

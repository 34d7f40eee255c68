import CastyInvariants
import CastyTestbed
import Testing

@Suite("Narrow links", .timeLimit(.minutes(10)))
struct NarrowLinkTests {
    @Test(
        "A link full of users' messages raises no false alarm, however narrow it is", arguments: [4000, 8000, 20_000],
        [UInt64(1), 2, 3])
    func fullOfUserMessages(bandwidth: Int, seed: UInt64) throws {
        let text = """
            nodes 2
            shards 2
            expect members n1,n2 up within 20s
            load 50/s over 20 entities for 1s
            wait 2s
            expect shards balanced within 5s
            fault bandwidth n1 n2 limit \(bandwidth)
            load 2000/s over 20 entities for 10s
            wait 10s
            expect no member-unreachable since start
            """
        let run = try StoryRun(text, seed: seed)
        #expect(run.result.failed == 0, "\(bandwidth) bytes a second, seed \(seed): \(run.complaints)")
    }
}

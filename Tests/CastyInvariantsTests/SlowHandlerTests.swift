import CastyInvariants
import CastyObservability
import CastyTestbed
import Testing

/// Handlers and stores that take time, and nodes that hang in the middle of them.
@Suite("Handlers that take time")
struct SlowHandlerTests {
    private static let start =
        "nodes 3\nexpect members n1,n2,n3 up within 15s\nspawn account-1..account-30\nexpect shards balanced within 20s\n"

    @Test("a handler answers when its time is over, and the next message waits for it")
    func oneAfterTheOther() throws {
        let run = try StoryRun(
            Self.start
                + "fault stall n1,n2,n3 period 2s chance 100%\ntell account-1 deposit 1\ntell account-1 deposit 1\n"
                + "ask account-1 balance -> 2 within 8s")
        #expect(run.result.status == .passed, "\(run.complaints)")
        // Each of the three handlers takes a fifth of a second at least, one after the other.
        #expect(run.result.seconds > 0.6)
        let passed = run.events.last { $0.kind == .expectationPassed && $0.text?.hasPrefix("ask") == true }
        #expect(passed?.reason != nil)
    }

    @Test("handlers that hang for seconds raise no suspicion, and lose nothing")
    func membershipGoesOn() throws {
        let run = try StoryRun(
            Self.start
                + "fault stall n1,n2,n3 period 4s chance 30% for 20s\nload 20/s over 30 entities for 20s\nwait 40s\n"
                + "expect no member-unreachable since start\nexpect lost 0\nexpect single-activation")
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("slow stores delay what is written, and nothing else")
    func slowStores() throws {
        let run = try StoryRun(
            Self.start + "fault disk n1,n2,n3 error slow for 20s\nload 20/s over 30 entities for 15s\nwait 30s\n"
                + "ask account-1 balance -> 10 within 2s\nexpect no member-unreachable since start\nexpect lost 0")
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test("stores that hang for longer than a node waits lose nothing that was acknowledged", arguments: [1, 2, 3])
    func hangingStores(seed: UInt64) throws {
        let run = try StoryRun(
            Self.start + "fault disk n1,n2,n3 error hanging for 20s\nload 40/s over 10 entities for 25s\nwait 40s\n"
                + "expect no member-unreachable since start\nexpect single-activation", seed: seed)
        // K1 is among the rules: a save that was given up never lands after what the next incarnation has read or saved.
        #expect(run.result.status == .passed, "\(run.complaints)")
    }

    @Test(
        "a node that is frozen, killed or removed while it holds the lock of the disk costs time and nothing else",
        arguments: ["kill n3", "freeze n3\nwait 1s\nthaw n3", "freeze n3\nwait 12s\nthaw n3"], [1, 2, 3])
    func heldLock(fault: String, seed: UInt64) throws {
        let run = try StoryRun(
            Self.start + "fault disk n3 error locking for 20s\nload 40/s over 10 entities for 25s\nwait 4s\n"
                + "\(fault)\nwait 50s\nask account-1 deposit 1 within 2s\nask account-2 deposit 1 within 2s\n"
                + "expect single-activation", seed: seed)
        // K1 is among the rules: what waited for the lock lands in order, or is refused, and what was acknowledged stays.
        #expect(run.result.violations == 0 && run.result.failed == 0, "\(run.complaints)")
        #expect(!run.events.contains { $0.kind == .memberUnreachable && $0.subject != "n3" })
        // The others do notice: while a node that is frozen holds the lock, their calls are given up.
        let isGivenUp = run.events.contains { "\($0)".contains("the store has not answered for") }
        #expect(isGivenUp || !fault.contains("wait 12s"))
    }

    @Test("a handler whose node has hung and lost its shards does not go on, and saves and acknowledges nothing")
    func staleSave() throws {
        let run = try StoryRun(
            Self.start + "fault stall n2 period 3s\nload 100/s over 30 entities for 20s\nwait 3s\nfreeze n2\nwait 15s\n"
                + "thaw n2\nwait 8s\nexpect single-activation")
        // K1 is among the rules: no write under an old token, and no reply by a node that has lost the shard.
        #expect(run.result.violations == 0 && run.result.failed == 0, "\(run.complaints)")
        #expect(run.events.contains { $0.kind == .memberRemoved && $0.subject == "n2" })
    }
}

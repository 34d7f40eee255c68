import CastyInvariants
import CastyPlacement
import CastyTestbed
import Testing

/// Types that only some nodes host, as those nodes come and go; the others stay, and remember.
@Suite("Roles that restart")
struct RoleStoryTests {
    private static let pauses = String(repeating: "rebalance pause\nrebalance resume\n", count: 12)

    private static func asks(_ within: Int) -> String {
        (1...12).map { "ask account-\($0) balance via n1 within \(within)s\n" }.joined()
    }

    @Test("the only node with the role leaves and comes back, and every ask is answered", arguments: [UInt64(1), 2])
    func sameNode(seed: UInt64) throws {
        let story =
            "roles n3 backend\nset account-role backend\nnodes 3\nexpect members n1,n2,n3 up within 15s\n"
            + Self.asks(8)
            + Self.pauses
            + "leave n3\nexpect stopped n3 within 15s\nexpect n3 removed within 15s\nrestart n3\n"
            + "expect members n1,n2,n3 up within 15s\n" + Self.asks(8)
        try expectAnswered(story, seed: seed)
    }

    @Test("nodes with the role follow one another with gaps, and every ask is answered", arguments: [UInt64(1), 2])
    func others(seed: UInt64) throws {
        let story =
            "roles n2,n3,n4 backend\nset account-role backend\nnodes 3\nexpect members n1,n2,n3 up within 15s\n"
            + Self.asks(8) + "leave n2\nexpect n2 removed within 15s\n" + Self.asks(8) + Self.pauses
            + "leave n3\nexpect n3 removed within 15s\nstart n4\nexpect members n1,n4 up within 15s\n" + Self.asks(8)
        try expectAnswered(story, seed: seed)
    }

    @Test("where only drained nodes are left, they host", arguments: [UInt64(1), 2])
    func drained(seed: UInt64) throws {
        let story = """
            nodes 2
            shards 4
            expect members n1,n2 up within 10s
            tell account-1 deposit 5
            ask account-1 balance -> 5
            drain n1
            wait 3s
            leave n2
            expect stopped n2 within 30s
            ask account-1 balance -> 5 within 5s
            """
        let run = try StoryRun(story, seed: seed, toleratesRefusals: false)
        #expect(run.result.status == .passed, "seed \(seed): \(run.complaints)")
    }

    @Test("a weakly-up member asks entities that live on healthy nodes", arguments: [UInt64(1), 2])
    func weaklyUp(seed: UInt64) throws {
        let story = """
            set downing none
            nodes 3
            shards 3
            expect members n1,n2,n3 up within 20s
            spawn account-1..account-12
            wait 1s
            pin shard \(account1) to n1
            wait 1s
            kill n3
            expect n3 unreachable within 5s
            start n4
            wait 12s
            ask account-1 balance via n1 within 3s
            ask account-1 balance via n4 within 3s
            """
        let run = try StoryRun(story, seed: seed, toleratesRefusals: false)
        #expect(run.result.failed == 0 && run.result.violations == 0, "seed \(seed): \(run.complaints)")
    }

    private var account1: Int { StableHashing.shard("account-1", of: 3) }

    /// Every ask is answered, whatever the up-numbers are: S3 is about where epochs begin.
    private func expectAnswered(_ story: String, seed: UInt64) throws {
        let run = try StoryRun(story, seed: seed, toleratesRefusals: false)
        #expect(run.result.failed == 0 && run.result.expectations > 0, "seed \(seed): \(run.complaints)")
    }
}

private enum StableHashing {
    static func shard(_ name: String, of count: Int) -> Int {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return Int(hash % UInt64(count))
    }
}

import CastyActors
import CastyCore
import CastyInvariants
import CastyObservability
import CastyRemoting
import CastyScenario
import CastyTestbed
import Testing

/// Clusters whose nodes speak different versions of the protocol, as in a rolling upgrade.
@Suite("Nodes of several protocol versions")
struct MixedVersionTests {
    private static let older = ProtocolVersions(1, 1)
    private static let newer = ProtocolVersions(1, 2)

    @Test("random faults among nodes that change their versions with each start break no rule", arguments: 1...4)
    func explored(seed: Int) throws {
        let exploration = Exploration(nodes: 5, time: .seconds(40))
        let story = exploration.scenario(seed: UInt64(seed)).description
        var generator = SeededGenerator(seed: UInt64(seed)).fork("versions")
        var versions: [Int: [ProtocolVersions]] = [:]
        for node in 1...5 {
            versions[node] = (0..<6).map { _ in generator.below(2) == 0 ? Self.older : Self.newer }
        }
        let run = try StoryRun(story, seed: UInt64(seed)) { $0.versions = versions }
        #expect(run.result.failed == 0 && run.result.violations == 0, "seed \(seed): \(run.complaints)")
    }

    private static let accounts = (1...12).map { "ask account-\($0) balance within 8s\n" }.joined()

    /// Replaces one node after another.
    private static func replaced(_ nodes: [Int]) -> String {
        nodes.map { node in
            """
            leave n\(node)
            expect stopped n\(node) within 20s
            restart n\(node)
            expect members n1,n2,n3,n4 up within 20s
            expect shards balanced within 30s

            """ + accounts
        }.joined()
    }

    @Test("a rolling upgrade and its rollback lose nothing and alarm no node", arguments: [UInt64(1), 2])
    func rolled(seed: UInt64) throws {
        let story =
            "nodes 4\nexpect members n1,n2,n3,n4 up within 20s\nspawn account-1..account-40\n"
            + "load 40/s over 40 entities for 60s\n" + Self.replaced([4, 3, 2, 1]) + Self.replaced([1, 2, 3, 4])
            + "expect lost 0\nexpect no member-unreachable since start\nexpect single-activation\n"
        let run = try StoryRun(story, seed: seed, toleratesRefusals: false) { settings in
            for node in 1...4 { settings.versions[node] = [Self.older, Self.newer, Self.older] }
        }
        #expect(run.result.failed == 0 && run.result.violations == 0, "seed \(seed): \(run.complaints)")
        #expect(run.result.expectations > 40)
    }

    @Test("each connection has the highest version of both ends")
    func perConnection() throws {
        var settings = TestClusterSettings()
        settings.versions = [1: [Self.older]]
        let testbed = TestCluster(world: SimulatedClusterWorld(seed: 1), settings: settings, checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3])
        try testbed.advance(until: .start + .seconds(10))
        for (from, to, version) in [(1, 2, 1), (1, 3, 1), (2, 1, 1), (3, 1, 1), (2, 3, 2), (3, 2, 2)] {
            let peer = try testbed.node(to).system.address
            let spoken = try testbed.node(from).snapshot.protocolVersion(with: peer)
            #expect(spoken == version, "n\(from) with n\(to)")
        }
    }

    @Test("a node without a common version is refused, joins nothing, and alarms no member", arguments: [UInt64(1), 2])
    func refused(seed: UInt64) throws {
        let story = """
            nodes 3
            expect members n1,n2,n3 up within 20s
            load 20/s over 20 entities for 30s
            start n4
            wait 40s
            expect members n1,n2,n3 up on n1
            expect members n1,n2,n3 up on n2
            expect members n1,n2,n3 up on n3
            expect no member-unreachable since start
            expect no member-down since start
            expect lost 0
            """
        let run = try StoryRun(story, seed: seed, toleratesRefusals: false) { settings in
            for node in 1...3 { settings.versions[node] = [Self.older] }
            settings.versions[4] = [ProtocolVersions(2, 2)]
        }
        #expect(run.result.failed == 0 && run.result.violations == 0, "seed \(seed): \(run.complaints)")
        let newcomer = try run.testbed.node(4)
        #expect(!newcomer.hasJoined)
    }
}

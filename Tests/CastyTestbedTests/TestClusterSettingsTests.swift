import CastyInvariants
import CastyMembership
import CastyScenario
import CastyTestbed
import Testing

@Suite struct TestClusterSettingsTests {
    @Test("each word for a strategy gives that strategy")
    func strategies() throws {
        for word in Downing.allCases {
            let scenario = try Scenario.parse("set downing \(word.rawValue)\nnodes 5\n", file: "test")
            let strategy = TestClusterSettings(scenario).membership.strategy
            switch word {
            case .keepMajority: #expect(strategy == .keepMajority())
            case .keepOldest: #expect(strategy == .keepOldest())
            case .staticQuorum: #expect(strategy == .staticQuorum(size: 3))
            case .leaseMajority: #expect(strategy == .leaseMajority())
            case .downAll: #expect(strategy == .downAll)
            case .none: #expect(strategy == .manual)
            }
        }
    }

    @Test(
        "a static quorum is more than half of the nodes that the scenario starts, later ones too",
        arguments: [
            ("nodes 1", 1), ("nodes 3", 2), ("nodes 4", 3), ("nodes 5\nstart n6", 4),
            ("nodes 5\nkill n2\nrestart n2", 3), ("nodes 3\nat 5s start n4,n5\nstart n6", 4),
        ])
    func quorum(lines: String, size: Int) throws {
        let scenario = try Scenario.parse("set downing static-quorum\n\(lines)\n", file: "test")
        #expect(TestClusterSettings(scenario).membership.strategy == .staticQuorum(size: size))
    }
}

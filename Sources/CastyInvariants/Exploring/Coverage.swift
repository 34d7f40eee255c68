import CastyObservability
package import CastyScenario
import CastyTestbed

/// The contents of an exploration's scenarios: an exploration proves nothing about a cluster that it never generated.
package struct Coverage: Sendable {
    private var seeds = 0
    private var sizes: [Int: Int] = [:]
    private var strategies: [String: Int] = [:]
    private var joins = 0
    private var shortSeedLists = 0
    private var withRoles = 0
    private var restrictedTypes = 0
    private var faults: [String: Int] = [:]

    package init() {}

    /// Counts a scenario.
    package mutating func add(_ scenario: Scenario) {
        let header = scenario.header
        seeds += 1
        sizes[scenario.nodesStarted, default: 0] += 1
        var strategy = Downing.keepMajority
        for setting in header.settings {
            if case .downing(let name) = setting { strategy = name }
            if case .accountRole = setting { restrictedTypes += 1 }
        }
        strategies[strategy.rawValue, default: 0] += 1
        if !header.seeds.isEmpty { shortSeedLists += 1 }
        if !header.roles.isEmpty { withRoles += 1 }
        for statement in scenario.statements {
            guard case .at(_, let command) = statement.command else { continue }
            switch command {
            case .immediate(.start): joins += 1
            case .immediate(.fault(let fault)): faults["fault \(fault.kind.rawValue)", default: 0] += 1
            case .header, .immediate, .ask, .expect, .wait, .at:
                faults[command.verb.rawValue, default: 0] += 1
            }
        }
    }

    /// The counts as lines for a person.
    package var lines: [String] {
        let bySize = sizes.sorted { $0.key < $1.key }.map { "\($0.value)×\($0.key)" }.joined(separator: " ")
        return [
            "nodes: \(bySize); \(joins) joined later; \(shortSeedLists) short seed lists",
            "downing: \(Self.words(strategies)); \(withRoles) with roles, \(restrictedTypes) with a restricted type",
            "done: \(Self.words(faults))",
        ]
    }

    /// The counts as a JSON object.
    package var json: String {
        func object(_ counts: [(String, Int)]) -> String {
            "{" + counts.map { "\(JSONLine.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
        }
        func sorted(_ counts: [String: Int]) -> [(String, Int)] {
            counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
        let bySize = sizes.sorted { $0.key < $1.key }.map { (String($0.key), $0.value) }
        return "{\"nodes\":\(object(bySize)),\"downing\":\(object(sorted(strategies))),\"joined_later\":\(joins),"
            + "\"short_seed_lists\":\(shortSeedLists),\"roles\":\(withRoles),\"restricted_types\":\(restrictedTypes),"
            + "\"done\":\(object(sorted(faults)))}"
    }

    private static func words(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}

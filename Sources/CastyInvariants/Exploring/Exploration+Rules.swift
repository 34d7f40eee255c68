import CastyScenario
import CastyTestbed

extension Exploration {
    /// The rules that no seed of this exploration can test, in order: their preconditions cannot be met in it.
    ///
    /// All others must be exercised by some seed; an exploration that misses one of them proves nothing about it.
    package var notApplicable: [String] { InvariantChecks.ids.filter { !isApplicable($0) } }

    private func isApplicable(_ rule: String) -> Bool {
        // An exploration sends questions only at its end, when the cluster is whole.
        if rule == "L1" { return false }
        // A single node has no peers, moves no shard and cannot be cut off.
        if sizes.upperBound == 1 { return ["S0", "S7"].contains(rule) }
        if let kinds = Self.occasions[rule], families.allSatisfy({ !kinds.contains($0) }) { return false }
        // With fewer than three nodes, no two nodes can disagree about a joining one.
        if rule == "P7", sizes.upperBound < 3 { return false }
        switch downing {
        case .some(.none): return !["P1", "P2", "P3", "P4", "P7", "S8"].contains(rule)
        case .downAll: return !["S8"].contains(rule)
        // The votes do not determine what a lease decides.
        case .leaseMajority: return !["P2"].contains(rule)
        case .keepMajority, .keepOldest, .staticQuorum, nil: return true
        }
    }

    /// The fault families of which a rule needs at least one. The last fault of a scenario, a crash or a cut, always
    /// happens.
    private static let occasions: [String: [FaultFamily]] = [
        "F5": [.freeze, .cut, .oneway, .flap, .burst],
        "F7": [.freeze],
        "F8": [.freeze, .cut, .oneway, .flap, .link, .burst],
        "M12": [.leave],
        "P7": [.kill, .freeze, .cut],
        "R6": [.narrow],
        "S7": [.operate],
    ]
}

import CastyScenario
import CastyTestbed

extension Exploration {
    /// The rules that no seed of this exploration can put to the test, in order: what they are about cannot happen in it.
    ///
    /// All others are to be exercised by some seed; an exploration that leaves one of them out proves nothing about it.
    package var notApplicable: [String] { InvariantChecks.ids.filter { !isApplicable($0) } }

    private func isApplicable(_ rule: String) -> Bool {
        // It asks at its end only, when the cluster is whole.
        if rule == "L1" { return false }
        // A node that is alone has no peers, gives no shard away and is cut off from no one.
        if sizes.upperBound == 1 { return ["S0", "S7"].contains(rule) }
        if let kinds = Self.occasions[rule], families.allSatisfy({ !kinds.contains($0) }) { return false }
        // Joiners need a third node to be seen by two that disagree.
        if rule == "P7", sizes.upperBound < 3 { return false }
        switch downing {
        case .some(.none): return !["P1", "P2", "P3", "P4", "P7", "S8"].contains(rule)
        case .downAll: return !["S8"].contains(rule)
        // What a lease decides does not follow from the votes.
        case .leaseMajority: return !["P2"].contains(rule)
        case .keepMajority, .keepOldest, .staticQuorum, nil: return true
        }
    }

    /// The faults that give occasion to a rule, where one of some is needed. The last fault of a scenario, a crash or a cut, is always there.
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

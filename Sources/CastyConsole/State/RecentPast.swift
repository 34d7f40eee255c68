package import CastyObservability

/// What the console draws of the time before a snapshot: curves and rates.
///
/// A simulated run samples it as it goes, so that after a jump to another time it is there at once.
package struct RecentPast: Sendable, Codable {
    private(set) var phi = PhiHistory()
    private(set) var rates = RateMeter()

    package init() {}

    init(phi: PhiHistory, rates: RateMeter) {
        self.phi = phi
        self.rates = rates
    }

    /// Takes in the next snapshot; the run has to do that at least once for each value of a curve.
    package mutating func sample(_ snapshot: ClusterSnapshot) {
        phi.sample(snapshot)
        rates.sample(snapshot)
    }
}

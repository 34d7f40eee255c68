package import CastyCluster
import CastyCore
package import CastyMembership
import CastySimulator
import CastyTestbed

/// The formation of a cluster of a given size, and its cost.
package struct ScaleStudy: Hashable, Sendable {
    /// The time from the first start until every node sees every node up.
    package var formed: Duration
    /// The time until every node had seen the last version.
    package var converged: Duration
    package var steps: UInt64
    /// The traffic that all nodes have sent.
    package var traffic: ClusterTraffic

    /// Lets a cluster form.
    package static func formation(
        of count: Int, seed: UInt64 = 1, settings: MembershipSettings = .responsive
    ) throws -> ScaleStudy {
        let trial = MembershipTrial(seed: seed, settings: settings)
        defer { trial.end() }
        let start = trial.now
        let formed = try trial.form(count)
        guard let agreed = trial.wait(.seconds(60), until: { trial.agrees }) else {
            throw TestClusterError("\(count) simulated nodes do not agree after 60 s")
        }
        return ScaleStudy(
            formed: formed, converged: agreed - start, steps: trial.simulation.stepCount, traffic: trial.traffic)
    }
}

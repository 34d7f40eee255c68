import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastySimulator
import CastyTestbed

/// How large the shared state of a cluster is while nodes come and go.
package struct ChurnStudy: Hashable, Sendable {
    /// The bytes of a state as it is sent, the members in it, and the removed ones it still remembers.
    package struct Sample: Hashable, Sendable {
        package var bytes: Int
        package var members: Int
        package var tombstones: Int

        /// What a state of so many members and tombstones may take: 32 bytes and 48 for each of them, the dotted addresses of IPv4.
        package var bound: Int { 32 + 48 * (members + tombstones) }
    }

    /// The state after each departure.
    package var samples: [Sample] = []
    /// The state before anyone came, and when all that left has been forgotten.
    package var before: Sample
    package var after: Sample

    /// Lets nodes join and leave one after the other, beside some that stay.
    package static func run(
        seed: UInt64 = 1, staying: Int = 5, cycles: Int, tombstones: Duration
    ) throws -> ChurnStudy {
        var settings = MembershipSettings.responsive
        settings.tombstones = tombstones
        let trial = MembershipTrial(seed: seed, settings: settings)
        defer { trial.end() }
        _ = try trial.form(staying)
        func sample() throws -> Sample {
            guard trial.wait(.seconds(30), until: { trial.agrees }) != nil else {
                throw TestClusterError("seed \(seed): the nodes do not agree")
            }
            let gossip = try trial.testbed.node(1).cluster.core.gossip
            return Sample(
                bytes: gossip.encodedSize, members: gossip.members.count, tombstones: gossip.tombstones.count)
        }
        var study = ChurnStudy(before: try sample(), after: try sample())
        for cycle in 0..<cycles {
            let guest = staying + 1 + cycle % 10
            try trial.testbed.start([guest])
            guard
                trial.wait(.seconds(30), until: { trial.testbed.running.count == staying + 1 && trial.isWhole })
                    != nil
            else { throw TestClusterError("seed \(seed): n\(guest) does not get in") }
            try trial.testbed.leave(guest)
            guard trial.wait(.seconds(30), until: { trial.testbed.running.count == staying && trial.isWhole }) != nil
            else { throw TestClusterError("seed \(seed): n\(guest) does not get out") }
            study.samples.append(try sample())
        }
        trial.pass(tombstones + .seconds(5))
        study.after = try sample()
        return study
    }
}

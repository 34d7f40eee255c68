import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastySimulator
import CastyTestbed

/// The size of a cluster's shared state while nodes join and leave.
package struct ChurnStudy: Hashable, Sendable {
    /// The encoded size of a state in bytes, its members, and its tombstones.
    package struct Sample: Hashable, Sendable {
        package var bytes: Int
        package var members: Int
        package var tombstones: Int

        /// The size limit for this number of members and tombstones: 32 bytes, and 48 for each of them with dotted IPv4
        /// addresses.
        package var bound: Int { 32 + 48 * (members + tombstones) }
    }

    /// The state after each departure.
    package var samples: [Sample] = []
    /// The state before the first join, and the state once all departed nodes have been forgotten.
    package var before: Sample
    package var after: Sample

    /// Lets nodes join and leave one after the other, while other nodes stay.
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

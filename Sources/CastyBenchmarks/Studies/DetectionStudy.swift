import CastyActors
import CastyCluster
import CastyCore
package import CastyMembership
import CastyObservability
package import CastySimulator
import CastyTestbed

/// The time to detect a dead node, and the rate of false suspicions, on a network with delay and loss.
///
/// Nodes communicate over streams, as over TCP. A lost piece is resent: soon if later bytes reveal the loss, otherwise
/// after timeouts that double; and it delays everything behind it. So loss appears as bursts of delay, independently in
/// each direction.
package struct DetectionStudy: Sendable {
    package var nodes = 5
    package var settings = MembershipSettings.responsive
    /// Every link, in each direction.
    package var network: LinkProfile

    /// A latency of 1 ms and an average tail of 30 ms, in addition to the loss.
    ///
    /// - Parameter loss: The probability, 0…1, that a piece is lost, in each direction.
    package init(nodes: Int = 5, loss: Double) {
        self.nodes = nodes
        network = LinkProfile(
            latency: .milliseconds(1), jitter: .microseconds(500), tail: .milliseconds(30), loss: loss)
    }

    /// Nodes 200 to 300 ms apart, with an average tail of 20 ms, over links that lose 1 % of the pieces.
    package init(farApart nodes: Int, settings: MembershipSettings) {
        self.nodes = nodes
        self.settings = settings
        network = LinkProfile(
            latency: .milliseconds(250), jitter: .milliseconds(50), tail: .milliseconds(20), loss: 0.01)
    }

    // MARK: One dies

    /// When the survivors detected the failure.
    package struct Course: Hashable, Sendable {
        package var first: Duration
        package var all: Duration
    }

    /// Crashes or hangs a node at a time that follows from the seed.
    package func inject(seed: UInt64) throws -> Course {
        let trial = MembershipTrial(seed: seed, settings: settings, network: network)
        defer { trial.end() }
        var generator = SeededGenerator(seed: seed).fork("fault")
        _ = try trial.form(nodes)
        // Long enough for phi to learn the heartbeat interval.
        trial.pass(.seconds(20) + .microseconds(Int64(generator.below(1_000_000))))
        guard trial.wait(.seconds(60), grain: .milliseconds(100), until: { trial.isWhole }) != nil else {
            throw TestClusterError("seed \(seed): the cluster is never whole")
        }
        let victim = 1 + generator.below(nodes)
        let mark = trial.testbed.recorder.count
        let start = trial.now
        if generator.below(2) == 0 { try trial.testbed.kill(victim) } else { try trial.testbed.freeze(victim) }
        let survivors = trial.testbed.running
        func times() -> [Instant] {
            let events = trial.events(.memberUnreachable, from: mark).filter { $0.subject == "n\(victim)" }
            return survivors.compactMap { node in events.first { $0.node == node.name }?.time }
        }
        guard trial.wait(.seconds(30), grain: .milliseconds(50), until: { times().count == survivors.count }) != nil,
            let first = times().min(), let all = times().max()
        else { throw TestClusterError("seed \(seed): not all survivors called n\(victim) unreachable") }
        return Course(first: first - start, all: all - start)
    }

    // MARK: No node dies

    /// The false alarms in a period without a failure.
    package struct Alarms: Hashable, Sendable {
        package var nodeHours = 0.0
        /// Phi crossed the lower threshold.
        package var suspicions = 0
        /// A node marked another one as unreachable.
        package var marks = 0
        /// A node was declared dead or removed.
        package var removals = 0
        package var steps: UInt64 = 0

        package init() {}

        package static func + (left: Alarms, right: Alarms) -> Alarms {
            var sum = left
            sum.nodeHours += right.nodeHours
            sum.suspicions += right.suspicions
            sum.marks += right.marks
            sum.removals += right.removals
            sum.steps += right.steps
            return sum
        }
    }

    /// Lets time pass without a failure.
    package func quiet(seed: UInt64, for time: Duration) throws -> Alarms {
        let trial = MembershipTrial(seed: seed, settings: settings, network: network)
        defer { trial.end() }
        _ = try trial.form(nodes)
        trial.pass(.seconds(5))
        let (mark, steps) = (trial.testbed.recorder.count, trial.simulation.stepCount)
        trial.pass(time)
        var alarms = Alarms()
        alarms.nodeHours = Double(nodes) * time.inSeconds / 3600
        alarms.steps = trial.simulation.stepCount - steps
        alarms.suspicions = trial.events(.suspected, from: mark).count
        // A mark that arrived by gossip is another node's alarm.
        alarms.marks = trial.events(.memberUnreachable, from: mark).count { $0.from == nil }
        alarms.removals = (trial.events(.memberDown, from: mark) + trial.events(.memberRemoved, from: mark)).count
        return alarms
    }
}

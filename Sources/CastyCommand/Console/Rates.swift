import CastyActors
import CastyCore
import CastyObservability

/// The number of envelopes handled per second, over the recent past.
struct RateOverTime {
    private var samples: [(handled: UInt64, at: Instant)] = []

    mutating func note(_ handled: UInt64, at now: Instant) {
        if let last = samples.last, last.at > now || last.handled > handled { samples = [] }
        samples.append((handled, now))
        while samples.count > 2, now - samples[1].at >= .seconds(1) { samples.removeFirst() }
    }

    var value: Double {
        guard let first = samples.first, let last = samples.last, last.at > first.at else { return 0 }
        return Double(last.handled - first.handled) / (last.at - first.at).inSeconds
    }
}

/// The actual speed of virtual time: over about the last second, where older turns weigh less.
struct Pace {
    private var virtual = 0.0
    private var real = 0.0

    mutating func note(_ span: Duration, in elapsed: Duration) {
        // Time was turned back or skipped, which says nothing about the speed.
        guard span > .zero, elapsed > .zero else { return self = Pace() }
        let kept = max(0, 1 - elapsed.inSeconds)
        virtual = virtual * kept + span.inSeconds
        real = real * kept + elapsed.inSeconds
    }

    /// The achieved speed, if it is below the requested one by a tenth or more.
    func reached(of wished: Double) -> Double? {
        guard real > 0.2 else { return nil }
        let reached = virtual / real
        return reached < wished * 0.9 ? reached : nil
    }
}

extension ClusterSnapshot {
    /// Whether all running nodes agree, and none of them misses a heartbeat.
    var isQuiet: Bool {
        nodes.allSatisfy { node in
            node.state != .running
                || node.membership.converged && node.membership.peers.allSatisfy { $0.phi < 1 && !$0.unreachable }
        }
    }
}

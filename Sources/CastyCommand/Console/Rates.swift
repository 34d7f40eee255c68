import CastyActors
import CastyCore

/// How many envelopes a second were handled lately.
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

/// How fast virtual time really goes: over the last second or so, in which old turns weigh less and less.
struct Pace {
    private var virtual = 0.0
    private var real = 0.0

    mutating func note(_ span: Duration, in elapsed: Duration) {
        // Time was turned back or jumped over; that says nothing of how fast it goes.
        guard span > .zero, elapsed > .zero else { return self = Pace() }
        let kept = max(0, 1 - elapsed.inSeconds)
        virtual = virtual * kept + span.inSeconds
        real = real * kept + elapsed.inSeconds
    }

    /// The speed that is reached, where it falls short of the one that is wished by a tenth or more.
    func reached(of wished: Double) -> Double? {
        guard real > 0.2 else { return nil }
        let reached = virtual / real
        return reached < wished * 0.9 ? reached : nil
    }
}

import CastyCore
import CastyObservability

/// The history of phi over the last minutes of the runtime's time: a value each quarter of a second for each observer
/// and subject.
///
/// Stored by the console, so that snapshots stay small. When simulated time jumps back, the history restarts.
package struct PhiHistory: Sendable, Codable {
    /// The time covered by one value, in nanoseconds.
    static let step: Int64 = 250_000_000
    /// The values that a console draws at most.
    static let kept = 256

    struct Pair: Hashable, Codable {
        var observer: String
        var subject: String
    }

    struct Series: Codable {
        var values: [Float]
        /// The bucket of the last value.
        var last: Int64

        /// Adds a value, or raises the one of the same bucket.
        mutating func note(_ value: Float, in now: Int64, kept: Int) {
            let gap = now - last
            guard gap > 0 else {
                // Within one bucket the highest value counts: a short peak must be visible.
                if let latest = values.last, value > latest || latest.isNaN { values[values.count - 1] = value }
                return
            }
            let filler = gap > 20 ? Float.nan : values.last ?? .nan
            for _ in 0..<min(gap - 1, Int64(kept)) { values.append(filler) }
            values.append(value)
            last = now
            if values.count > kept + PhiHistory.kept { values.removeFirst(values.count - kept) }
        }
    }

    /// How many values of each curve are kept at least.
    let kept: Int
    var series: [Pair: Series] = [:]
    var bucket: Int64 = -1

    package init() { self.init(kept: Self.kept) }

    init(kept: Int) {
        self.kept = kept
    }

    mutating func sample(_ snapshot: ClusterSnapshot) {
        let now = snapshot.time.nanoseconds / Self.step
        if now < bucket { series = [:] }
        bucket = now
        for node in snapshot.nodes where node.state == .running {
            for peer in node.membership.peers {
                note(Float(peer.phi), for: Pair(observer: node.name, subject: peer.name), in: now)
            }
        }
        if series.count > 4096 { series = series.filter { $0.value.last > now - Int64(kept) } }
    }

    mutating func note(_ value: Float, for pair: Pair, in now: Int64) {
        // In place: a copy of the curve for each value would cost more than the value.
        series[pair, default: Series(values: [], last: now - 1)].note(value, in: now, kept: kept)
    }

    /// The number of values between a moment and now.
    func age(of moment: Instant) -> Int64 { bucket - moment.nanoseconds / Self.step }

    /// The latest values, oldest first, up to now; NaN where no value is known.
    func values(observer: String, subject: String, count: Int) -> [Float] {
        guard count > 0 else { return [] }
        guard let entry = series[Pair(observer: observer, subject: subject)] else {
            return Array(repeating: .nan, count: count)
        }
        let missing = Int(min(max(0, bucket - entry.last), Int64(count)))
        let known = entry.values.suffix(count - missing)
        return Array(repeating: Float.nan, count: count - missing - known.count) + known
            + Array(repeating: Float.nan, count: missing)
    }
}

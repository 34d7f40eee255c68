import CoreMetrics
import Synchronization

/// One series: a metric with its labels, and what was recorded.
protocol MetricSeries: AnyObject, Sendable {
    var key: MetricSeriesKey { get }

    /// Adds its lines.
    func write(to text: inout String)
}

/// The name, kind and labels of a series.
struct MetricSeriesKey: Hashable, Sendable {
    let family: MetricFamily.Key
    /// As they stand between the braces of the text.
    let labels: String
}

/// A counter.
final class CounterSeries: MetricSeries, CounterHandler {
    let key: MetricSeriesKey
    private let total = Atomic<UInt64>(0)

    init(_ key: MetricSeriesKey) { self.key = key }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        total.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    func reset() { total.store(0, ordering: .relaxed) }

    func write(to text: inout String) { line("\(total.load(ordering: .relaxed))", to: &text) }
}

/// The latest value.
final class GaugeSeries: MetricSeries, RecorderHandler, MeterHandler {
    let key: MetricSeriesKey
    private let value = Mutex(0.0)

    init(_ key: MetricSeriesKey) { self.key = key }

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func write(to text: inout String) { line(MetricName.number(value.withLock { $0 }), to: &text) }
}

/// A distribution: how many values were at most as high as each bound, their sum and their number.
final class DistributionSeries: MetricSeries, RecorderHandler, TimerHandler {
    let key: MetricSeriesKey
    private struct Recorded {
        /// The number of values in each bucket, and after the last one of those above all bounds.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let recorded: Mutex<Recorded>

    init(_ key: MetricSeriesKey, bounds: [Double]) {
        self.key = key
        self.bounds = bounds
        recorded = Mutex(Recorded(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        recorded.withLock { recorded in
            recorded.counts[bucket] += 1
            recorded.sum += value
        }
    }

    func write(to text: inout String) {
        let (counts, sum) = recorded.withLock { ($0.counts, $0.sum) }
        var count: UInt64 = 0
        for (bucket, inBucket) in counts.enumerated() {
            count += inBucket
            if bounds.isEmpty { continue }
            let bound = bucket < bounds.count ? MetricName.number(bounds[bucket]) : "+Inf"
            line("_bucket", "le=\"\(bound)\"", "\(count)", to: &text)
        }
        line("_sum", "", MetricName.number(sum), to: &text)
        line("_count", "", "\(count)", to: &text)
    }
}

extension MetricSeries {
    /// Adds one line.
    fileprivate func line(_ suffix: String, _ extraLabel: String, _ value: String, to text: inout String) {
        let labels = [key.labels, extraLabel].filter { !$0.isEmpty }.joined(separator: ",")
        text += key.family.name + suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(value)\n"
    }

    fileprivate func line(_ value: String, to text: inout String) { line("", "", value, to: &text) }
}

public import CoreMetrics
import Synchronization

/// A backend of swift-metrics that keeps all metrics in memory, for Prometheus and what reads its text format.
///
/// ```swift
/// let metrics = PrometheusMetrics()
/// MetricsSystem.bootstrap(metrics)  // also for the metrics of the rest of the program
/// ```
///
/// Names and labels get the characters that Prometheus allows: `casty.store.load.time` becomes
/// `casty_store_load_time_seconds`. Counters end in `_total`. Timers are histograms in seconds; recorders that aggregate
/// are summaries of sum and count; other recorders and meters are gauges.
public final class PrometheusMetrics: MetricsFactory, Sendable {
    /// The upper bounds of the buckets of timers, in seconds: 1, 2.5 and 5 of each power of ten from 0.1 ms to 10 s.
    public static let defaultBuckets = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private let buckets: [Double]
    private let families = Mutex<[MetricFamily.Key: MetricFamily]>([:])

    /// Creates a backend without metrics.
    ///
    /// - Parameter buckets: The upper bounds of the buckets of timers, in seconds. They are sorted, and one without a
    ///   bound follows them.
    public init(buckets: [Double] = PrometheusMetrics.defaultBuckets) {
        self.buckets = buckets.filter { $0.isFinite }.sorted()
    }

    /// All metrics at this moment, in the text format of Prometheus, version 0.0.4; by name, then by labels.
    public func text() -> String {
        let families = families.withLock { $0.values.sorted { $0.key < $1.key } }
        var text = ""
        for family in families { family.write(to: &text) }
        return text
    }

    private func series<Made: MetricSeries>(
        _ kind: MetricFamily.Kind, _ label: String, _ dimensions: [(String, String)], _ make: (MetricSeriesKey) -> Made
    ) -> Made {
        let name = MetricName.exposed(label, as: kind)
        let labels = MetricName.labels(dimensions)
        return families.withLock { families in
            let key = MetricFamily.Key(name: name, kind: kind)
            var family = families.removeValue(forKey: key) ?? MetricFamily(key: key, label: label)
            defer { families[key] = family }
            return family.use(labels) { make(MetricSeriesKey(family: key, labels: labels)) }
        }
    }

    private func release(_ handler: AnyObject) {
        guard let series = handler as? any MetricSeries else { return }
        families.withLock { families in
            guard var family = families.removeValue(forKey: series.key.family) else { return }
            family.release(series)
            if !family.isEmpty { families[series.key.family] = family }
        }
    }

    // MARK: MetricsFactory

    /// Makes a counter, or finds the one of this name and these labels.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, dimensions) { CounterSeries($0) }
    }

    /// Makes a gauge, or a summary where `aggregate` is true.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { return series(.summary, label, dimensions) { DistributionSeries($0, bounds: []) } }
        return series(.gauge, label, dimensions) { GaugeSeries($0) }
    }

    /// Makes a gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions) { GaugeSeries($0) }
    }

    /// Makes a histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.histogram, label, dimensions) { DistributionSeries($0, bounds: buckets) }
    }

    /// Forgets a counter when all that share it have destroyed it.
    public func destroyCounter(_ handler: any CounterHandler) { release(handler) }
    /// Forgets a gauge or summary when all that share it have destroyed it.
    public func destroyRecorder(_ handler: any RecorderHandler) { release(handler) }
    /// Forgets a gauge when all that share it have destroyed it.
    public func destroyMeter(_ handler: any MeterHandler) { release(handler) }
    /// Forgets a histogram when all that share it have destroyed it.
    public func destroyTimer(_ handler: any TimerHandler) { release(handler) }
}

import CastyCore
import CoreMetrics

/// Gives samples to a metrics backend: sets its gauges, and adds to its counters what their totals have grown by.
struct MetricReporter {
    private struct Counted {
        let counter: Counter
        var total: Double
    }

    private let factory: any MetricsFactory
    private var gauges: [MetricSample.Key: Gauge] = [:]
    private var counters: [MetricSample.Key: Counted] = [:]

    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    /// Reports. Metrics without a sample now, such as those of a node that is gone, are released.
    mutating func report(_ samples: [MetricSample]) {
        var (gauges, counters) = (self.gauges, self.counters)
        (self.gauges, self.counters) = ([:], [:])
        for sample in samples {
            switch sample.key.metric.kind {
            case .gauge:
                let gauge =
                    gauges.removeValue(forKey: sample.key)
                    ?? Gauge(
                        label: sample.key.metric.rawValue, dimensions: sample.key.labels, factory: factory)
                gauge.record(sample.value)
                self.gauges[sample.key] = gauge
            case .counter:
                let known = counters.removeValue(forKey: sample.key)
                let counter =
                    known?.counter
                    ?? Counter(
                        label: sample.key.metric.rawValue, dimensions: sample.key.labels, factory: factory)
                // A total that has shrunk began anew, with a new connection for example.
                let before = known?.total ?? 0
                let growth = sample.value >= before ? sample.value - before : sample.value
                counter.increment(by: Int64(min(growth, Double(Int64.max / 2))))
                self.counters[sample.key] = Counted(counter: counter, total: sample.value)
            // Timers are recorded where the time is measured.
            case .timer: continue
            }
        }
        for gauge in gauges.values { gauge.destroy() }
        for counted in counters.values { counted.counter.destroy() }
    }
}

extension MetricSample.Key {
    /// The dimensions in the backend's form.
    var labels: [(String, String)] { dimensions.map { ($0.name, $0.value) } }
}

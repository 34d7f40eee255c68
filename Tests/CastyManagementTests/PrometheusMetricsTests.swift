import CastyManagement
import CoreMetrics
import Testing

@Suite struct PrometheusMetricsTests {
    private let metrics = PrometheusMetrics(buckets: [0.5, 0.1])

    @Test func countersGrowAndEndInTotal() {
        let counter = Counter(label: "shop.orders", dimensions: [("kind", "new"), ("at", "x")], factory: metrics)
        counter.increment(by: 2)
        counter.increment()
        #expect(
            metrics.text() == """
                # HELP shop_orders_total The metric shop.orders of swift-metrics.
                # TYPE shop_orders_total counter
                shop_orders_total{at="x",kind="new"} 3

                """)
    }

    @Test func gaugesShowTheLatestValue() {
        let gauge = Gauge(label: "load", factory: metrics)
        gauge.record(1.5)
        gauge.record(Double.infinity)
        #expect(metrics.text().contains("load +Inf\n"))
        gauge.record(-3)
        #expect(metrics.text().contains("# TYPE load gauge\nload -3\n"))
        let meter = Meter(label: "level", factory: metrics)
        meter.set(4)
        meter.increment(by: 2)
        meter.decrement(by: 1)
        #expect(metrics.text().contains("level 5\n"))
    }

    @Test func timersAreHistogramsInSeconds() {
        let timer = CoreMetrics.Timer(label: "save", factory: metrics)
        timer.recordMilliseconds(50)
        timer.recordMilliseconds(100)
        timer.recordMilliseconds(200)
        timer.recordSeconds(2)
        #expect(
            metrics.text() == """
                # HELP save_seconds The metric save of swift-metrics.
                # TYPE save_seconds histogram
                save_seconds_bucket{le="0.1"} 2
                save_seconds_bucket{le="0.5"} 3
                save_seconds_bucket{le="+Inf"} 4
                save_seconds_sum 2.35
                save_seconds_count 4

                """)
    }

    @Test func recordersThatAggregateAreSummaries() {
        let recorder = Recorder(label: "size", factory: metrics)
        recorder.record(10)
        recorder.record(32)
        #expect(metrics.text().contains("# TYPE size summary\nsize_sum 42\nsize_count 2\n"))
    }

    @Test func namesAndLabelsGetWhatIsAllowed() {
        Gauge(label: "9 lives/ä", dimensions: [("a-b", "say \"hi\"\\\n")], factory: metrics).record(1)
        #expect(metrics.text().contains("_9_lives__{a_b=\"say \\\"hi\\\"\\\\\\n\"} 1\n"))
    }

    @Test func aSeriesIsSharedUntilAllHaveDestroyedIt() {
        let first = Counter(label: "c", dimensions: [("n", "1")], factory: metrics)
        let second = Counter(label: "c", dimensions: [("n", "1")], factory: metrics)
        let other = Counter(label: "c", dimensions: [("n", "2")], factory: metrics)
        first.increment()
        second.increment()
        other.increment(by: 5)
        #expect(metrics.text().contains("c_total{n=\"1\"} 2\n"))
        first.destroy()
        #expect(metrics.text().contains("c_total{n=\"1\"} 2\n"))
        second.destroy()
        #expect(!metrics.text().contains("n=\"1\""))
        other.destroy()
        #expect(metrics.text() == "")
    }

    @Test func oneNameOfTwoKindsStaysTwoFamilies() {
        Gauge(label: "x", factory: metrics).record(1)
        Recorder(label: "x", factory: metrics).record(2)
        #expect(metrics.text().contains("# TYPE x gauge\nx 1\n"))
        #expect(metrics.text().contains("# TYPE x summary\nx_sum 2\n"))
    }
}

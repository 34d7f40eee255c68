import CastyCore
import Testing

@testable import CastyBenchmarks

@Suite struct LatencyHistogramTests {
    @Test("a quantile is never below that of the values themselves, and at most 1/1000 above it")
    func quantiles() {
        var generator = SeededGenerator(seed: 7)
        for scale in [200, 5_000, 900_000, 40_000_000_000] as [UInt64] {
            var histogram = LatencyHistogram()
            let values = (0..<10_000).map { _ in Int64(generator.next() % scale) }.sorted()
            for value in values { histogram.record(nanoseconds: value) }
            for share in [0.001, 0.5, 0.99, 0.999, 1] {
                let exact = Double(values[max(0, Int((Double(values.count) * share).rounded(.up)) - 1)])
                let found = histogram.quantile(share) * 1000
                #expect(found >= exact - 0.001 && found <= exact * 1.001 + 1, "\(share) of \(scale)")
            }
        }
    }

    @Test("durations beyond its range count as its ends")
    func ends() {
        var histogram = LatencyHistogram()
        histogram.record(nanoseconds: -5)
        #expect(histogram.quantile(1) == 0)
        histogram.record(nanoseconds: .max)
        #expect(histogram.count == 2)
        #expect(histogram.quantile(1) == Double(LatencyHistogram.longest) / 1000)
    }

    @Test("the sum of histograms counts what each of them has counted")
    func sum() {
        let sum = LatencyHistogram.Sum()
        for start in [0, 50] as [Int64] {
            var part = LatencyHistogram()
            for value in start..<start + 50 { part.record(nanoseconds: value * 1000 + 1000) }
            sum.add(part)
        }
        #expect(sum.value.count == 100)
        let rows = LatencyHistogram.rows("ask", [sum.value], p50: 49, p99: 100)
        #expect(rows.map(\.name) == ["ask, p50", "ask, p99", "ask, p99.9"])
        let found = rows.map(\.median)
        for (value, exact) in zip(found, [50, 99, 100] as [Double]) { #expect(abs(value - exact) < 0.2) }
        #expect(rows.map(\.met) == [0, 1, nil])
    }
}

import CastyCore
import Testing

@testable import CastyBenchmarks

@Suite struct LatencyHistogramTests {
    @Test("a quantile is never below that of the values themselves, and at most 1/128 above it")
    func quantiles() {
        var generator = SeededGenerator(seed: 7)
        for scale in [200, 5_000, 900_000, 40_000_000_000] as [UInt64] {
            var histogram = LatencyHistogram()
            let values = (0..<10_000).map { _ in Int64(generator.next() % scale) }.sorted()
            for value in values { histogram.record(nanoseconds: value) }
            for share in [0.001, 0.5, 0.99, 0.999, 1] {
                let exact = Double(values[max(0, Int((Double(values.count) * share).rounded(.up)) - 1)])
                let found = histogram.quantile(share)
                #expect(found >= exact && found <= exact * (1 + 1.0 / 128) + 1, "\(share) of \(scale)")
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
        #expect(histogram.quantile(1) == Double(UInt64(1) << 40 - 1))
    }
}

import CastyCore
import Testing

@testable import CastyMembership

@Suite("Phi accrual failure detector") struct DetectorTests {
    /// y, and −log₁₀ of the Gaussian tail beyond it, computed independently.
    static let tail: [(y: Double, phi: Double)] = [
        (-3, 0.000586649), (-1, 0.075026), (0, 0.30103), (1, 0.799546), (2, 1.64302), (3, 2.8697), (5, 6.54265),
        (8, 15.2061), (10, 23.1181), (20, 88.5601), (40, 349.437), (100, 2173.87),
    ]

    static let parameters = PhiAccrualFailureDetector.Parameters(
        threshold: 8, sigmaFloor: .milliseconds(100), pause: .seconds(3), samples: 100, expected: .seconds(1))

    @Test("phi is the Gaussian tail, near and far", arguments: tail)
    func vectors(y: Double, phi: Double) {
        #expect(abs(GaussianTail.phi(y) - phi) <= 1e-5 * max(1, phi))
    }

    @Test(
        "thresholds turn into deviations",
        arguments: [(1, 1.2816), (3, 3.0902), (8, 5.6120), (12, 7.0345), (16, 8.2221)])
    func inverse(phi: Double, y: Double) {
        #expect(abs(GaussianTail.y(ofPhi: phi) - y) < 1e-4)
        #expect(GaussianTail.y(ofPhi: 1e6).isFinite)
    }

    @Test("phi grows strictly and stays finite, also where the formula changes")
    func monotone() {
        var last = -1.0
        for step in -8000...100_000 {
            let phi = GaussianTail.phi(Double(step) / 1000)
            #expect(phi > last && phi.isFinite, "y \(Double(step) / 1000)")
            last = phi
        }
        #expect(GaussianTail.phi(1e6).isFinite)
    }

    @Test("between heartbeats phi never falls, is never negative, and crosses the threshold at the deadline")
    func deadline() {
        var detector = PhiAccrualFailureDetector(Self.parameters, startingAt: .start)
        for beat in 1...200 { detector.heartbeat(at: .start + .seconds(beat)) }
        #expect(detector.mean == .seconds(1))
        #expect(detector.phi(at: detector.lastArrival) < 1)
        var last = 0.0
        for millis in stride(from: 0, through: 60_000, by: 10) {
            let phi = detector.phi(at: detector.lastArrival + .milliseconds(millis))
            #expect(phi >= last && phi.isFinite)
            last = phi
        }
        let deadline = detector.deadline
        #expect(abs((deadline - detector.lastArrival).inSeconds - 4.5612) < 0.001)
        #expect(detector.phi(at: deadline) >= 8)
        #expect(detector.phi(at: deadline - .milliseconds(1)) < 8)
        #expect(detector.isAvailable(at: deadline - .milliseconds(1)) && !detector.isAvailable(at: deadline))
    }

    @Test("a peer that never answers is suspected too")
    func neverHeard() {
        let detector = PhiAccrualFailureDetector(Self.parameters, startingAt: .start)
        #expect(abs(detector.deadline.seconds - (1 + 3 + 5.612 * 0.25)) < 0.001)
        #expect(detector.phi(at: .start + .seconds(10)) > 8)
    }

    @Test("the gap of an outage, a burst after it and silence of one's own making are not learnt")
    func notLearnt() {
        var detector = PhiAccrualFailureDetector(Self.parameters, startingAt: .start)
        for beat in 1...20 { detector.heartbeat(at: .start + .seconds(beat)) }
        let learnt = detector
        detector.heartbeat(at: .start + .seconds(80))
        #expect(detector.intervals == learnt.intervals)
        for micros in 1...50 { detector.heartbeat(at: .start + .seconds(80) + .microseconds(micros)) }
        #expect(detector.intervals == learnt.intervals)
        detector.heartbeat(at: .start + .seconds(82), isInterrupted: true)
        #expect(detector.intervals == learnt.intervals)
        #expect(detector.lastArrival == .start + .seconds(82))
        detector.heartbeat(at: .start + .seconds(84))
        #expect(detector.intervals == learnt.intervals + [.seconds(2)])
    }

    @Test("the running figures equal those computed from the window, which keeps its bound")
    func moments() {
        var detector = PhiAccrualFailureDetector(Self.parameters, startingAt: .start)
        var dice = SeededGenerator(seed: 3)
        var now = Instant.start
        for _ in 0..<1000 {
            now = now + .milliseconds(Int64(500 + dice.below(1000)))
            detector.heartbeat(at: now)
            let intervals = detector.intervals.map(\.inSeconds)
            let mean = intervals.reduce(0, +) / Double(intervals.count)
            let variance = intervals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(intervals.count)
            #expect(abs(detector.mean.inSeconds - mean) < 2e-6)
            #expect(abs(detector.standardDeviation.inSeconds - variance.squareRoot()) < 2e-6)
        }
        #expect(detector.intervals.count == 100)
    }
}

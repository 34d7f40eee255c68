public import CastyCore

/// Measures how unlikely the silence of a peer is: phi is −log₁₀ of the probability that a heartbeat arrives even
/// later.
///
/// Source: N. Hayashibara, X. Défago, R. Yared, T. Katayama, "The φ accrual failure detector" (SRDS 2004). Intervals
/// between heartbeats are modelled as normally distributed, with the mean and the deviation of a window of the last
/// ones. Not in the paper: a lower bound for the deviation, a pause that is always accepted, and an initial guess
/// before the first interval. Time counts from the start of monitoring, so a peer that never answers is suspected as
/// well. The gap of an outage is not learned.
///
/// Every operation except ``intervals`` takes constant time.
public struct PhiAccrualFailureDetector: Hashable, Sendable {
    /// The parameters of the computation; created once and shared by the detectors of all peers.
    public struct Parameters: Hashable, Sendable {
        /// The phi at which a peer counts as unavailable.
        public let threshold: Double
        /// The least standard deviation.
        public let sigmaFloor: Duration
        /// How much longer than usual a peer may be silent before phi begins to grow.
        public let pause: Duration
        /// How many intervals the window holds, at least 2.
        public let samples: Int
        /// The interval that is expected before any is measured.
        public let expected: Duration
        /// Whether the gaps of outages are learned: a mutation.
        let learnsOutages: Bool
        /// The number of deviations beyond the accepted silence at which phi reaches the threshold.
        let deviations: Double

        /// Creates parameters.
        ///
        /// - Parameters:
        ///   - threshold: The phi at which a peer counts as unavailable, above 0.
        ///   - sigmaFloor: The least standard deviation, above zero.
        ///   - pause: How much longer than usual a peer may be silent.
        ///   - samples: How many intervals the window holds; fewer than 2 count as 2.
        ///   - expected: The interval that is expected before any is measured.
        public init(
            threshold: Double = 8, sigmaFloor: Duration = .milliseconds(100), pause: Duration = .zero,
            samples: Int = 200, expected: Duration = .seconds(1)
        ) {
            self.init(
                threshold: threshold, sigmaFloor: sigmaFloor, pause: pause, samples: samples, expected: expected,
                learnsOutages: false)
        }

        init(
            threshold: Double, sigmaFloor: Duration, pause: Duration, samples: Int, expected: Duration,
            learnsOutages: Bool
        ) {
            self.learnsOutages = learnsOutages
            self.threshold = threshold
            self.sigmaFloor = max(sigmaFloor, .microseconds(1))
            self.pause = pause
            self.samples = max(samples, 2)
            self.expected = expected
            deviations = GaussianTail.y(ofPhi: threshold)
        }
    }

    /// The parameters of the computation.
    public let parameters: Parameters
    /// When the last heartbeat arrived, or monitoring began.
    public private(set) var lastArrival: Instant
    /// The intervals of the window, in microseconds; a ring once it is full.
    private var ring: [Int64]
    private var next = 0
    private var sum: Int64 = 0
    private var squares: Int128 = 0
    private var hasArrival = false

    /// Begins to monitor.
    ///
    /// - Parameters:
    ///   - parameters: The parameters of the computation.
    ///   - now: The time, by the clock that all later times are given in.
    public init(_ parameters: Parameters = Parameters(), startingAt now: Instant = .start) {
        self.parameters = parameters
        lastArrival = now
        ring = []
        // Two guesses around the expected interval give a mean and a cautious deviation from the start.
        let expected = Self.microseconds(parameters.expected)
        learn(expected - expected / 4)
        learn(expected + expected / 4)
    }

    /// A heartbeat arrived.
    ///
    /// - Parameter isInterrupted: Whether the silence before it was this node's own fault; then no interval is learned.
    public mutating func heartbeat(at now: Instant, isInterrupted: Bool = false) {
        let interval = now - lastArrival
        // The first arrival ends no interval. An arrival after an outage says nothing about the peer's rhythm.
        // Heartbeats that piled up while a peer hung arrive in one burst.
        let isInTime = isAvailable(at: now) || parameters.learnsOutages
        let isRhythm = hasArrival && !isInterrupted && interval > parameters.expected / 10 && isInTime
        if isRhythm { learn(Self.microseconds(interval)) }
        hasArrival = true
        lastArrival = max(lastArrival, now)
    }

    /// How unlikely the silence until `now` is. Finite, and never decreasing between heartbeats.
    public func phi(at now: Instant) -> Double {
        let excess = (now - lastArrival).inSeconds - mean.inSeconds - parameters.pause.inSeconds
        return GaussianTail.phi(excess / flooredDeviation.inSeconds)
    }

    /// Whether phi is below the threshold.
    public func isAvailable(at now: Instant) -> Bool { now < deadline }

    /// When phi reaches the threshold if no heartbeat arrives, in closed form.
    public var deadline: Instant { deadline(deviations: parameters.deviations) }

    /// When phi reaches another value, given as the number of deviations beyond the accepted silence.
    func deadline(deviations: Double) -> Instant {
        let nanoseconds = deviations * Double(flooredDeviation.nanoseconds)
        let bounded = min(max(nanoseconds, -1e17), 1e17)
        return lastArrival + mean + parameters.pause + .nanoseconds(Int64(bounded.rounded(.up)))
    }

    /// The mean of the intervals in the window.
    public var mean: Duration { .microseconds(sum / Int64(ring.count)) }

    /// The standard deviation of the intervals in the window, without the lower bound.
    public var standardDeviation: Duration {
        let count = Int128(ring.count)
        // Whole numbers: n·Σx² − (Σx)² is never negative and never drifts.
        let spread = count * squares - Int128(sum) * Int128(sum)
        // A 64-bit integer converts to `Double` much faster than a 128-bit one.
        let wide = UInt64(exactly: spread).map { Double($0) } ?? Double(spread)
        return .microseconds(Int64((wide.squareRoot() / Double(ring.count)).rounded()))
    }

    /// The deviation that phi is computed with.
    public var flooredDeviation: Duration { max(standardDeviation, parameters.sigmaFloor) }

    /// How many intervals the window holds at present, the initial guesses included.
    public var sampleCount: Int { ring.count }

    /// The intervals of the window, the oldest first. O(number of intervals).
    public var intervals: [Duration] {
        let ordered = ring.count < parameters.samples ? ring[...] : ring[next...] + ring[..<next]
        return ordered.map { .microseconds($0) }
    }

    private mutating func learn(_ interval: Int64) {
        sum += interval
        squares += Int128(interval) * Int128(interval)
        if ring.count < parameters.samples {
            ring.append(interval)
            return
        }
        let oldest = ring[next]
        sum -= oldest
        squares -= Int128(oldest) * Int128(oldest)
        ring[next] = interval
        next = next + 1 == ring.count ? 0 : next + 1
    }

    /// Clamped to 1 µs…10¹² µs (about eleven days), so that the sums of a window do not overflow.
    private static func microseconds(_ duration: Duration) -> Int64 {
        min(max(duration.nanoseconds / 1000, 1), 1_000_000_000_000)
    }
}

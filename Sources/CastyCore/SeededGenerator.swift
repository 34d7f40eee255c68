/// A random number generator whose whole sequence follows from its seed: xoshiro256**.
///
/// Source: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators" (ACM TOMS 2021); the state is
/// filled by SplitMix64, as the authors advise. Not fit for secrets.
///
/// Every node and every component of a node draws from its own stream, made by ``fork(_:)`` from the seed and a name.
/// So one more draw in one component does not shift the numbers of another.
package struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64
    /// The seed that forks are derived from; drawing numbers does not change it.
    private let origin: UInt64

    /// Creates the generator of a seed.
    package init(seed: UInt64) {
        origin = seed
        var state = seed
        s0 = Self.splitMix(&state)
        s1 = Self.splitMix(&state)
        s2 = Self.splitMix(&state)
        s3 = Self.splitMix(&state)
    }

    /// A generator that depends only on this one's seed and the name, not on how many numbers were drawn.
    package func fork(_ name: String) -> SeededGenerator {
        var state = origin ^ StableHash.fnv1a(name)
        return SeededGenerator(seed: Self.splitMix(&state))
    }

    /// Draws the next number.
    package mutating func next() -> UInt64 {
        let result = Self.rotate(s1 &* 5, 7) &* 9
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = Self.rotate(s3, 45)
        return result
    }

    /// A number in 0..<1, in steps of 2⁻⁵³.
    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number in 0..<bound, without bias.
    ///
    /// - Precondition: `bound` is positive.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a bound must be positive, not \(bound)")
        return Int(next(upperBound: UInt64(bound)))
    }

    /// The same elements in an order drawn from this generator (Fisher–Yates).
    package mutating func permuted<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        var end = result.count
        while end > 1 {
            result.swapAt(end - 1, below(end))
            end -= 1
        }
        return result
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }

    private static func splitMix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

import RealModule

/// The tail of the standard normal distribution in decimal orders of magnitude: −log₁₀ P(Z > y).
enum GaussianTail {
    /// Finite for every finite `y`, and increasing: computed by `erfc` (Abramowitz and Stegun 7.1), and for large `y`
    /// by the asymptotic series of the tail (26.2.12), where `erfc` itself would underflow.
    static func phi(_ y: Double) -> Double {
        if y < 0 { return -Double.log(onePlus: -0.5 * Double.erfc(-y / 2.0.squareRoot())) / ln10 }
        if y < seriesFrom { return -Double.log(0.5 * Double.erfc(y / 2.0.squareRoot())) / ln10 }
        let q = 1 / (y * y)
        // 1 − q + 3q² − 15q³ + 105q⁴ − 945q⁵: the next term is below the last digit from y = 30 on.
        let tail = q * (-1 + q * (3 + q * (-15 + q * (105 - 945 * q))))
        return (y * y / 2 + Double.log(y) + halfLogTwoPi - Double.log(onePlus: tail)) / ln10
    }

    /// The `y` that has the given phi, by bisection; computed once per threshold.
    static func y(ofPhi phi: Double) -> Double {
        guard phi > 0 else { return -40 }
        var (low, high) = (-40.0, 40.0)
        while self.phi(high) < phi, high < 1e9 { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if middle == low || middle == high { break }
            if self.phi(middle) < phi { low = middle } else { high = middle }
        }
        return high
    }

    private static let seriesFrom = 30.0
    private static let ln10 = Double.log(10)
    private static let halfLogTwoPi = 0.5 * Double.log(2 * Double.pi)
}

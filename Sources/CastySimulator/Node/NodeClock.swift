/// A node's clock: it follows the runtime's clock at a rate of its own.
struct NodeClock {
    private var worldBase: Int64
    private var localBase: Int64
    /// How many millionths it runs too fast; negative where it runs too slowly.
    private(set) var partsPerMillion: Int64 = 0

    init(world: Int64) {
        worldBase = world
        localBase = world
    }

    /// The clock's reading at a time of the runtime.
    func local(at world: Int64) -> Int64 {
        let elapsed = world &- worldBase
        return localBase &+ (partsPerMillion == 0 ? elapsed : shown(elapsed))
    }

    /// The first time of the runtime at which the clock shows at least this; `.max` where it is too far ahead.
    func world(at local: Int64) -> Int64 {
        let wanted = local.subtractingReportingOverflow(localBase)
        guard !wanted.overflow, wanted.partialValue < Int64.max / 4 else { return .max }
        guard partsPerMillion != 0, wanted.partialValue > 0 else { return worldBase &+ wanted.partialValue }
        let rate = 1_000_000 + partsPerMillion
        let (millions, rest) = wanted.partialValue.quotientAndRemainder(dividingBy: rate)
        var elapsed = millions * 1_000_000 + rest * 1_000_000 / rate
        while shown(elapsed) < wanted.partialValue { elapsed += 1 }
        while elapsed > 0, shown(elapsed - 1) >= wanted.partialValue { elapsed -= 1 }
        return worldBase + elapsed
    }

    /// Makes the clock run this many millionths too fast from now on.
    mutating func setRate(partsPerMillion rate: Int64, at world: Int64) {
        localBase = local(at: world)
        worldBase = world
        partsPerMillion = rate
    }

    /// Jumps ahead.
    mutating func advance(by nanoseconds: Int64) { localBase += nanoseconds }

    private func shown(_ elapsed: Int64) -> Int64 {
        let (millions, rest) = elapsed.quotientAndRemainder(dividingBy: 1_000_000)
        return elapsed + millions * partsPerMillion + rest * partsPerMillion / 1_000_000
    }
}

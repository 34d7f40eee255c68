package import CastyCore

/// One rule of sharding, checked against each fact when it happens.
package protocol ShardingChecker: Sendable {
    /// Called with each fact; `oracle` has the state just before it.
    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation]

    /// Called when time has passed, at most a tenth of a second.
    ///
    /// - Parameter isCalm: Whether no fault is active, and none was for a while.
    mutating func look(at now: Instant, isCalm: Bool, in oracle: ShardingOracle) -> [Violation]
}

extension ShardingChecker {
    package mutating func look(at now: Instant, isCalm: Bool, in oracle: ShardingOracle) -> [Violation] { [] }
}

package import CastyCore

/// One rule of sharding, held against each thing that happens at the moment when it happens.
package protocol ShardingChecker: Sendable {
    /// Something has happened; `truth` is as it was just before.
    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation]

    /// Time has passed, a tenth of a second at most.
    ///
    /// - Parameter isCalm: No fault is at work, and none was for a while.
    mutating func look(at now: Instant, isCalm: Bool, in oracle: ShardingOracle) -> [Violation]
}

extension ShardingChecker {
    package mutating func look(at now: Instant, isCalm: Bool, in oracle: ShardingOracle) -> [Violation] { [] }
}

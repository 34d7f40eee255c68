import CastyCore

/// The rules that a run is checked against.
package struct Checkers: Sendable {
    /// Rules that are checked against each action of a region or coordinator, when it happens.
    package let sharding: [any ShardingChecker]
    /// Makes the checker that is run repeatedly against the whole cluster.
    ///
    /// Its argument says whether the nodes' views are from one instant, so that they can be compared.
    package let whole: @Sendable (_ comparesViews: Bool) -> any RunChecker

    package init(
        sharding: [any ShardingChecker], whole: @escaping @Sendable (_ comparesViews: Bool) -> any RunChecker
    ) {
        self.sharding = sharding
        self.whole = whole
    }
}

/// Rules that are checked repeatedly against a cluster while time passes, and once more at the end.
package protocol RunChecker {
    /// The rules whose precondition was met so far; complete once the run has finished.
    var exercised: Set<String> { get }

    /// The violations at this moment that were not reported before.
    mutating func look(_ testbed: TestCluster) -> [Violation]

    /// The violations at the end.
    mutating func finish(_ testbed: TestCluster) -> [Violation]
}

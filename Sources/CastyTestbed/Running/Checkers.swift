import CastyCore

/// The rules that a run is held against.
package struct Checkers: Sendable {
    /// Held against what regions and coordinators do, at the moment when they do it.
    package let sharding: [any ShardingChecker]
    /// Makes what is held against the whole cluster, again and again.
    ///
    /// Its argument says whether the views of nodes are of one instant, so that they can be compared.
    package let whole: @Sendable (_ comparesViews: Bool) -> any RunChecker

    package init(
        sharding: [any ShardingChecker], whole: @escaping @Sendable (_ comparesViews: Bool) -> any RunChecker
    ) {
        self.sharding = sharding
        self.whole = whole
    }
}

/// Rules that are held against a cluster while time passes, and once more at its end.
package protocol RunChecker {
    /// The rules whose precondition was met so far; complete when the run has been finished.
    var exercised: Set<String> { get }

    /// What goes against the rules at this moment, and was not told before.
    mutating func look(_ testbed: TestCluster) -> [Violation]

    /// What goes against the rules at the end.
    mutating func finish(_ testbed: TestCluster) -> [Violation]
}

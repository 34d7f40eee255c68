package import CastySharding

/// The stores of one place on disk or in one database, as benchmarks use them: under types that nothing else uses.
package struct BenchStores: Sendable {
    /// The states of entities, and their events, where it has any.
    package let entities: any EntityStore
    package let remembered: any RememberedEntityStore
    /// The number of the store's transactions until now, and of the changes in them, where it counts them.
    let groups: @Sendable () -> (transactions: Int, changes: Int)?
    /// The size of everything stored in bytes, where that is known.
    let size: @Sendable () -> Int?

    package init(
        entities: any EntityStore, remembered: any RememberedEntityStore,
        groups: @escaping @Sendable () -> (transactions: Int, changes: Int)?,
        size: @escaping @Sendable () -> Int? = { nil }
    ) {
        (self.entities, self.remembered, self.groups, self.size) = (entities, remembered, groups, size)
    }

    /// All benchmarks of stores.
    package var cases: [BenchCase] {
        SaveBench.cases(self) + DurableBench.cases(self) + RecoveredEventsBench.cases(self)
            + RememberedBench.cases(self) + LargeStoreBench.cases(self)
    }

    /// The changes in one transaction on average, during a body.
    func groupSize(_ body: () throws -> Void) rethrows -> Double? {
        let before = groups()
        try body()
        guard let before, let after = groups() else { return nil }
        return Double(after.changes - before.changes) / Double(max(1, after.transactions - before.transactions))
    }
}

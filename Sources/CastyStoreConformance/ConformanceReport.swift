/// What came of all checks of one kind, in order.
///
/// ```swift
/// let report = try await ConformanceReport(StoreConformance.checks) { _ in
///     let folder = try TemporaryFolder()
///     return TestedStore { try FileStore(folder.path + "/states") }
/// }
/// print(report)
/// ```
public struct ConformanceReport: Sendable, CustomStringConvertible {
    /// A check by its name, and what came of it.
    public struct Entry: Hashable, Sendable {
        /// The name of the check.
        public let check: String
        /// What came of it.
        public let outcome: StoreCheckOutcome
    }

    /// One for each check.
    public let entries: [Entry]

    /// Runs checks one after the other, all of them whatever comes of each.
    ///
    /// - Parameter store: A store for the check, which no other check has used.
    /// - Throws: `CancellationError`, and what `store` throws.
    public init<Store>(
        _ checks: [StoreCheck<Store>], store: (StoreCheck<Store>) async throws -> TestedStore<Store>
    ) async throws {
        var entries: [Entry] = []
        for check in checks {
            let tested = try await store(check)
            entries.append(Entry(check: check.name, outcome: try await check.outcome(on: tested)))
        }
        self.entries = entries
    }

    /// The checks that the store has not passed.
    public var failures: [StoreCheckFailure] {
        entries.compactMap { if case .failed(let failure) = $0.outcome { failure } else { nil } }
    }

    /// The names of the checks that were skipped, with the reasons.
    public var skipped: [String: String] {
        entries.reduce(into: [:]) { skipped, entry in
            if case .skipped(let reason) = entry.outcome { skipped[entry.check] = reason }
        }
    }

    /// A line for each check.
    public var description: String {
        entries.map { "\($0.check): \($0.outcome)" }.joined(separator: "\n")
    }
}

/// One promise of a store, and the check that finds out whether a store breaks it.
///
/// A check belongs to no test framework: it throws what it has found. With Swift Testing, each check is a case of one test:
///
/// ```swift
/// @Test(arguments: StoreConformance.checks)
/// func conforms(check: StoreConformance.Check) async throws {
///     let folder = try TemporaryFolder()
///     try await check.run { try FileStore(folder.path + "/states") }
/// }
/// ```
///
/// Each run wants a store of its own, which is empty: a new folder, a new schema, a new object.
public struct StoreCheck<Store: Sendable>: Sendable, Identifiable, CustomStringConvertible {
    typealias Body = @Sendable (TestedStore<Store>, Findings) async throws -> Void

    /// A short name, in lower case with dashes; it stays the same in later versions.
    public let name: String
    /// What a store promises that passes, as a sentence.
    public let promise: String
    private let body: Body

    init(_ name: String, _ promise: String, _ body: @escaping Body) {
        self.name = name
        self.promise = promise
        self.body = body
    }

    /// The name.
    public var id: String { name }

    /// The name and the promise.
    public var description: String { "\(name): \(promise)" }

    /// Runs the check on a store that offers no more than to be opened.
    ///
    /// - Parameter open: Opens the same store once more at each call, see ``TestedStore``.
    /// - Returns: ``StoreCheckOutcome/passed``, or why the check was skipped; that is printed too.
    /// - Throws: ``StoreCheckFailure`` where the store breaks the promise; `CancellationError`.
    @discardableResult
    public func run(_ open: @escaping TestedStore<Store>.Open) async throws -> StoreCheckOutcome {
        try await run(on: TestedStore(open: open))
    }

    /// Runs the check on a store.
    ///
    /// - Returns: ``StoreCheckOutcome/passed``, or why the check was skipped; that is printed too, so that it shows also
    ///   where the result is not looked at.
    /// - Throws: ``StoreCheckFailure`` where the store breaks the promise; `CancellationError`.
    @discardableResult
    public func run(on store: TestedStore<Store>) async throws -> StoreCheckOutcome {
        let outcome = try await outcome(on: store)
        switch outcome {
        case .passed: break
        case .skipped(let reason): print("skipped the check \(name) of a store: \(reason)")
        case .failed(let failure): throw failure
        }
        return outcome
    }

    /// Runs the check, and returns what came of it in all cases.
    ///
    /// - Throws: `CancellationError`, and no other error.
    public func outcome(on store: TestedStore<Store>) async throws -> StoreCheckOutcome {
        if let reason = store.excused[name] { return .skipped(reason) }
        let findings = Findings()
        do {
            try await body(store, findings)
        } catch let skip as Skip {
            return .skipped(skip.reason)
        } catch let error as CancellationError {
            throw error
        } catch {
            findings.add("expected that every call succeeds which is not to be refused, found the error: \(error)")
        }
        let texts = findings.all
        return texts.isEmpty ? .passed : .failed(StoreCheckFailure(check: name, promise: promise, findings: texts))
    }
}

/// What came of a check.
public enum StoreCheckOutcome: Hashable, Sendable, CustomStringConvertible {
    /// The store has done what it promises.
    case passed
    /// The check was not made, for this reason.
    case skipped(String)
    /// The store breaks the promise.
    case failed(StoreCheckFailure)

    /// For a person.
    public var description: String {
        switch self {
        case .passed: "passed"
        case .skipped(let reason): "skipped: \(reason)"
        case .failed(let failure): "failed: \(failure.findings.joined(separator: "; "))"
        }
    }
}

/// A store has broken a promise.
public struct StoreCheckFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the check, see ``StoreCheck/name``.
    public let check: String
    /// What the store should have done, see ``StoreCheck/promise``.
    public let promise: String
    /// What was expected and what was found instead, a line each; at least one.
    public let findings: [String]

    /// The name, the promise and the findings.
    public var description: String {
        (["\(check): \(promise)"] + findings.map { "  \($0)" }).joined(separator: "\n")
    }
}

/// The check needs what the store does not offer.
struct Skip: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

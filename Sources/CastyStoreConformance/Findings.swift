import CastySharding
import Synchronization

/// What a check has found so far: each entry says what was expected, and what was found.
final class Findings: Sendable {
    /// The longest description of a value.
    private static let limit = 200

    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }

    func expect<Value: Equatable>(_ what: String, _ found: Value, is expected: Value) {
        if found != expected { add("\(what): expected \(Self.text(expected)), found \(Self.text(found))") }
    }

    func expect<Value: Equatable>(_ what: String, _ found: Value?, is expected: Value?) {
        if found != expected { add("\(what): expected \(Self.text(expected)), found \(Self.text(found))") }
    }

    /// Makes a call, and expects an error with this code.
    func expectRefusal(
        _ code: EntityStoreError.Code, _ what: String, _ call: () async throws -> Void
    ) async throws {
        do {
            try await call()
            add("\(what): expected the error \(code.rawValue), found that it is allowed")
        } catch let error as CancellationError {
            throw error
        } catch {
            if (error as? EntityStoreError)?.code != code {
                add("\(what): expected the error \(code.rawValue), found: \(error)")
            }
        }
    }

    static func text(_ value: some Any) -> String {
        let text = "\(value)"
        return text.utf8.count <= limit ? text : "\(text.prefix(limit))… (\(text.utf8.count) bytes in words)"
    }

    static func text<Wrapped>(_ value: Wrapped?) -> String { value.map { text($0) } ?? "none" }
}

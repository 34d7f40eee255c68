import CastySharding

/// Why statements have not been run.
struct PostgresError: Error, Hashable {
    enum Kind: Hashable {
        /// No connection could be opened: nothing was sent.
        case unreachable
        /// The connection broke, or the server did not answer in time, after the statements were sent.
        case broken
        /// The server has refused a statement, with the five letters of its SQLSTATE.
        case refused(String)
    }

    let kind: Kind
    let message: String

    /// No server has answered in time to an attempt to connect.
    static let noAnswer = PostgresError(
        kind: .unreachable, message: "the server does not answer to a new connection")

    /// The five letters with which the server has refused the statement.
    var state: String? {
        if case .refused(let state) = kind { state } else { nil }
    }

    /// Whether the connection is of no use any more: it broke, the server shuts down, or it only reads, as one does that
    /// was the main server until another took over.
    var endsConnection: Bool {
        switch kind {
        case .unreachable, .broken: true
        case .refused(let state): state.hasPrefix("08") || state.hasPrefix("57P") || state == "25006"
        }
    }

    /// This failure, after which no further attempt could be made for another reason: that is what can be mended.
    func because(of later: PostgresError) -> PostgresError {
        later.kind == .unreachable ? PostgresError(kind: kind, message: later.message) : self
    }

    /// Whether another transaction stood in the way, so that the same statements may succeed when they come again.
    var isConflict: Bool { state.map { ["40001", "40P01", "55P03"].contains($0) } ?? false }

    /// The error for the caller of a store.
    ///
    /// - Parameter isChange: Whether the statements were to change something, so that a broken connection leaves the
    ///   outcome open.
    func storeError(isChange: Bool) -> EntityStoreError {
        switch kind {
        case .unreachable: EntityStoreError(.unavailable, message)
        case .broken: EntityStoreError(.unavailable, message, isOutcomeUnknown: isChange)
        case .refused(let state):
            switch state {
            case "53100": EntityStoreError(.full, message)
            case "XX001", "XX002": EntityStoreError(.corrupt, message)
            default: EntityStoreError(.unavailable, message)
            }
        }
    }
}

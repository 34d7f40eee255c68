import CastyCore

/// Says which warnings are worth a line in the log: of each kind the first, and then one a minute with how many
/// there were.
struct RateLimitedLog: Sendable {
    private struct Kind {
        var logged: Instant
        var unlogged = 0
    }

    private static let pause = Duration.seconds(60)
    private static let kindLimit = 256

    private var kinds: [String: Kind] = [:]

    /// Notes one; returns how many came since the last that was logged, this one included, if it should be logged.
    mutating func note(_ kind: String, at now: Instant) -> Int? {
        if var known = kinds[kind] {
            known.unlogged += 1
            defer { kinds[kind] = known }
            guard now >= known.logged + Self.pause else { return nil }
            defer { known = Kind(logged: now) }
            return known.unlogged
        }
        // A peer may come up with ever new kinds; forgetting all of them costs a few lines too many.
        if kinds.count >= Self.kindLimit { kinds = [:] }
        kinds[kind] = Kind(logged: now)
        return 1
    }
}

extension String {
    /// A peer's text, fit for a log: one line without control characters or changes of direction, cut at 256
    /// characters.
    init(printable text: String) {
        self = String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(256).map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                        "?"
                    default: scalar
                    }
                }))
    }
}

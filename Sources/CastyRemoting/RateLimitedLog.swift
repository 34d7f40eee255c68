import CastyCore

/// Decides which warnings are logged: the first of each kind, and then one a minute with the count since the last.
struct RateLimitedLog: Sendable {
    private struct Kind {
        var logged: Instant
        var unlogged = 0
    }

    private static let pause = Duration.seconds(60)
    private static let kindLimit = 256

    private var kinds: [String: Kind] = [:]

    /// Counts a warning. If it should be logged, returns how many arrived since the last logged one, including this
    /// one.
    mutating func note(_ kind: String, at now: Instant) -> Int? {
        if var known = kinds[kind] {
            known.unlogged += 1
            defer { kinds[kind] = known }
            guard now >= known.logged + Self.pause else { return nil }
            defer { known = Kind(logged: now) }
            return known.unlogged
        }
        // A peer may cause ever new kinds. Forgetting all of them costs only a few extra log lines.
        if kinds.count >= Self.kindLimit { kinds = [:] }
        kinds[kind] = Kind(logged: now)
        return 1
    }
}

extension String {
    /// A peer's text made safe for a log: one line without control characters or changes of text direction, cut at 256
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

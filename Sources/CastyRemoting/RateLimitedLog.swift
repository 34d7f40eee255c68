import CastyCore

/// Decides which warnings are logged: the first of each kind that a host causes, and then one a minute with the count
/// since the last.
struct RateLimitedLog: Sendable {
    private struct Key: Hashable {
        let kind: String
        let host: String
    }

    private struct Entry {
        var logged: Instant
        var unlogged = 0
    }

    private static let pause = Duration.seconds(60)
    /// The most entries besides those that all further hosts share.
    static let limit = 256

    private var entries: [Key: Entry] = [:]

    /// Counts a warning. If it should be logged, returns how many arrived since the last logged one, including this
    /// one.
    ///
    /// - Parameters:
    ///   - kind: One of few. A peer MUST NOT be able to choose it.
    ///   - host: The host that causes it, as the transport knows it; empty for this node itself.
    mutating func note(_ kind: String, of host: String = "", at now: Instant) -> Int? {
        let key = listed(Key(kind: kind, host: host), at: now)
        guard var known = entries[key] else {
            entries[key] = Entry(logged: now)
            return 1
        }
        known.unlogged += 1
        defer { entries[key] = known }
        guard now >= known.logged + Self.pause else { return nil }
        defer { known = Entry(logged: now) }
        return known.unlogged
    }

    /// The entry that counts a warning: where there are too many hosts, all further ones have one together, so that they
    /// cannot make the others be logged again.
    private mutating func listed(_ key: Key, at now: Instant) -> Key {
        if entries[key] != nil || entries.count < Self.limit { return key }
        entries = entries.filter { now < $0.value.logged + Self.pause }
        return entries.count < Self.limit ? key : Key(kind: key.kind, host: "")
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

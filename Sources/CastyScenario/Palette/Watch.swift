package import CastyObservability

/// A condition that a console waits for, or watches from now on: `until n2 down`, `always converged`,
/// `never member-unreachable`.
package struct Watch: Hashable, Sendable {
    package enum Rule: String, CaseIterable, Hashable, Sendable {
        /// Waits until the condition holds.
        case until
        /// The condition must hold all the time.
        case always
        /// The condition must not hold at any time.
        case never
    }

    package var rule: Rule
    package var condition: Condition
    /// How long ``Rule/until`` waits at most; without it, as long as the console does.
    package var within: Duration?

    package init(_ rule: Rule, _ condition: Condition, within: Duration? = nil) {
        self.rule = rule
        self.condition = condition
        self.within = within
    }
}

/// What a watch is about.
package enum Condition: Hashable, Sendable {
    /// The words of `expect`, without a time limit.
    case holds(Expect)
    /// An event of this kind, about any node or about one.
    case event(EventKind, of: NodeName?)
}

extension Watch {
    static func parse(_ rule: Rule, _ cursor: inout Cursor) throws(ScenarioProblem) -> Watch {
        if rule != .always, let event = try Condition.event(&cursor) {
            let within = rule == .until && cursor.accept("within") ? try cursor.duration() : nil
            return Watch(rule, event, within: within)
        }
        let start = cursor.position
        do {
            var expect = try Expect.parse(&cursor, canWait: rule == .until)
            let within = expect.within
            expect.within = nil
            return Watch(rule, .holds(expect), within: within)
        } catch {
            guard rule != .always, cursor.position == start else { throw error }
            for kind in Condition.eventKinds { cursor.want(.word(kind.rawValue)) }
            throw cursor.misfit()
        }
    }
}

extension Condition {
    /// `converged` is the expectation.
    fileprivate static let eventKinds = EventKind.allCases.filter { $0 != .converged }

    fileprivate static func event(_ cursor: inout Cursor) throws(ScenarioProblem) -> Condition? {
        guard let kind = cursor.bare.flatMap(EventKind.init(rawValue:)), kind != .converged else { return nil }
        cursor.advance()
        cursor.want(.node)
        return .event(kind, of: cursor.isAtNodes ? try cursor.node() : nil)
    }
}

extension Watch: Codable {
    package init(from decoder: any Decoder) throws {
        let line = try decoder.singleValueContainer().decode(String.self)
        guard case .console(.run(.watch(let watch)), at: nil) = try PaletteLine.parse(line) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(line): no watch"))
        }
        self = watch
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

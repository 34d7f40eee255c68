/// `what-if kill n3 vs kill n2 for 20s`: two futures of a run that differ in one thing.
///
/// A setting that is fixed at a node's start, as in `what-if downing keep-oldest`, cannot change in the middle of a run:
/// its future begins with the whole past, repeated with that setting.
package struct WhatIf: Hashable, Sendable {
    package var change: ImmediateCommand
    /// What happens instead in the other future; without it, nothing.
    package var other: ImmediateCommand?
    /// How far both futures go.
    package var span: Duration

    package static let defaultSpan = Duration.seconds(20)
    /// The longest future.
    package static let longestSpan = Duration.seconds(600)

    package init(_ change: ImmediateCommand, vs other: ImmediateCommand? = nil, for span: Duration = defaultSpan) {
        self.change = change
        self.other = other
        self.span = span
    }

    /// Whether a future repeats the past with another setting.
    package var repeatsPast: Bool { futures.contains { $0?.fixedSetting != nil } }

    /// The futures in the order of their columns: what happens at their begin, or nothing.
    package var futures: [ImmediateCommand?] { other == nil ? [nil, change] : [change, other] }
}

extension WhatIf {
    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> WhatIf {
        let change = try command(&cursor)
        let other = cursor.accept("vs") ? try command(&cursor) : nil
        guard cursor.accept("for") else { return WhatIf(change, vs: other) }
        return WhatIf(change, vs: other, for: try cursor.duration(from: .milliseconds(100), to: longestSpan))
    }

    /// Parses a command up to `vs`, or up to the `for` that is not the command's own.
    private static func command(_ cursor: inout Cursor) throws(ScenarioProblem) -> ImmediateCommand {
        let rest = cursor.tokens[cursor.position...]
        let end = rest.firstIndex { $0.kind == .bare && $0.text == "vs" } ?? rest.endIndex
        if end - cursor.position >= 3, rest[end - 2].text == "for", rest[end - 1].kind == .bare {
            var shorter = cursor
            if let command = try? shorter.part(upTo: end - 2, immediate) {
                cursor = shorter
                return command
            }
        }
        return try cursor.part(upTo: end, immediate)
    }

    private static func immediate(_ cursor: inout Cursor) throws(ScenarioProblem) -> ImmediateCommand {
        if cursor.accept("downing") { return .set(.downing(try cursor.choice(of: Downing.self))) }
        let words = cursor.tokens.count - cursor.position
        guard case .immediate(let command) = try Command.parse(&cursor) else {
            throw cursor.problem(
                .unknownWord, "that is no change of a moment", expected: "a command such as kill n2 or cut n1 | n2,n3",
                back: words)
        }
        return command
    }
}

extension ImmediateCommand {
    /// The setting that it changes, if that is fixed at a node's start.
    package var fixedSetting: Setting? {
        if case .set(let setting) = self, setting.belongsToHeader { setting } else { nil }
    }
}

extension WhatIf: CustomStringConvertible {
    package var description: String {
        "what-if \(change)" + clause("vs", other) + (span == Self.defaultSpan ? "" : " for \(span.scenarioText)")
    }
}

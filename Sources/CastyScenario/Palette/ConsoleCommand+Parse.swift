extension PaletteLine {
    /// Parses a line of the palette: a command of the scenario language, or one of the console's own.
    ///
    /// - Parameters:
    ///   - line: The line.
    ///   - names: Aliases for nodes: `cursor`, `marked`, `all`, `oldest`.
    package static func parse(_ line: String, names: [String: [NodeName]] = [:]) throws(ScenarioProblem) -> PaletteLine
    {
        var cursor = try Cursor(line, names: names)
        return try parse(&cursor)
    }

    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> PaletteLine {
        var ahead = cursor
        var moment: Moment?
        if ahead.accept("at") {
            moment = try Moment.parse(&ahead)
        }
        guard ahead.bare.map({ Verb(rawValue: $0) == nil }) ?? true || ahead.isAtConsoleOption else {
            return .command(try Command.parse(&cursor))
        }
        cursor = ahead
        for verb in Verb.allCases where moment == nil || verb != .at { cursor.want(.word(verb.rawValue)) }
        let command = try ConsoleCommand.parse(&cursor)
        try cursor.end()
        return .console(command, at: moment)
    }
}

extension Cursor {
    /// Whether the next words are `set` and an option of the console.
    fileprivate var isAtConsoleOption: Bool {
        guard bare == Verb.set.rawValue, position + 1 < tokens.count else { return false }
        return ConsoleOption.Name(rawValue: tokens[position + 1].text) != nil
    }
}

extension ConsoleCommand {
    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> ConsoleCommand {
        if cursor.bare == Verb.set.rawValue, cursor.accept(Verb.set.rawValue) {
            return .screen(.set(try ConsoleOption.parse(&cursor)))
        }
        switch try cursor.choice(of: ConsoleVerb.self) {
        case .pause: return .run(.pause)
        case .play: return .run(.play)
        case .step: return .run(.step(try steps(&cursor)))
        case .back: return .run(.back(try steps(&cursor)))
        case .speed: return .run(.speed(try speed(&cursor)))
        case .seek: return .run(.seek(try cursor.duration()))
        case .undo: return .run(.undo)
        case .redo: return .run(.redo)
        case .save:
            if cursor.accept("moment") { return .run(.saveMoment(try optional(&cursor, .value("a folder")))) }
            try cursor.require("script")
            return .run(.saveScript(try cursor.text(.file)))
        case .focus: return .screen(.focus(try pane(&cursor)))
        case .zoom: return .screen(.zoom)
        case .filter: return .screen(.filter(try rest(&cursor, .value("a text"))))
        case .sort:
            let column = try cursor.text(.value("the name of a column"))
            return .screen(.sort(column: column, descending: cursor.accept("desc")))
        case .follow: return .screen(.follow(try cursor.node()))
        case .view: return .screen(.view(cursor.accept("all") ? nil : try cursor.node()))
        case .why: return .screen(.why(try subject(&cursor)))
        case .goto: return .screen(.goto(try cursor.text(.value("the id of an event, as n1/812"))))
        case .mark:
            cursor.want(.nodes)
            return .screen(.mark(cursor.token == nil ? [] : try cursor.nodes()))
        case .loads: return .screen(.loads)
        case .readonly: return .screen(.readonly(try cursor.choice(of: Switch.self) == .on))
        case .help: return .screen(.help(try help(&cursor)))
        case .quit: return .screen(.quit)
        case .until: return .run(cursor.accept("off") ? .endUntil : .watch(try Watch.parse(.until, &cursor)))
        case .always: return .run(.watch(try Watch.parse(.always, &cursor)))
        case .never: return .run(.watch(try Watch.parse(.never, &cursor)))
        case .watches: return .screen(.watches)
        case .whatIf:
            if cursor.token == nil { cursor.want(.end) }
            if cursor.accept("off") { return .run(.endWhatIf) }
            for verb in Verb.allCases { cursor.want(.word(verb.rawValue)) }
            return cursor.token == nil ? .screen(.comparison) : .run(.whatIf(try WhatIf.parse(&cursor)))
        case .watch:
            try cursor.require("off")
            return .run(
                .endWatch(cursor.accept("all") ? nil : try cursor.number("the number of a watch", in: 1...9999)))
        case .export:
            return .screen(.export(try cursor.choice(of: ExportFormat.self), try optional(&cursor, .file)))
        case .bookmark: return .reserved(.bookmark(try optional(&cursor, .value("a name"))))
        }
    }

    private static func steps(_ cursor: inout Cursor) throws(ScenarioProblem) -> Int {
        cursor.want(.value("a number of ticks"))
        return cursor.token == nil ? 1 : try cursor.number("a number of ticks", in: 1...1_000_000)
    }

    private static func speed(_ cursor: inout Cursor) throws(ScenarioProblem) -> Thousandths {
        cursor.want(.value("a factor such as x2 or x0.25"))
        let limits = Thousandths(count: 10)...1000
        guard let text = cursor.bare, let factor = Thousandths(text: text.drop { $0 == "x" }) else {
            throw cursor.misfit()
        }
        guard limits.contains(factor) else {
            throw cursor.problem(.badValue, "\(Quoting.excerpt(text)) is out of range", expected: "x0.01 to x1000")
        }
        cursor.advance()
        return factor
    }

    private static func pane(_ cursor: inout Cursor) throws(ScenarioProblem) -> PaneName {
        if let number = cursor.bare.flatMap(Int.init(wholeNumber:)), (1...PaneName.allCases.count).contains(number) {
            cursor.advance()
            return PaneName.allCases[number - 1]
        }
        return try cursor.choice(of: PaneName.self)
    }

    private static func subject(_ cursor: inout Cursor) throws(ScenarioProblem) -> WhySubject? {
        cursor.want(.node)
        if cursor.accept("shard") { return .shard(try cursor.shard()) }
        if cursor.accept("entity") { return .entity(try cursor.entity()) }
        cursor.want(.value("the id of an event"))
        guard let text = cursor.token?.text else { return nil }
        if cursor.isAtNodes { return .node(try cursor.node()) }
        guard text.contains("/") else { throw cursor.misfit() }
        cursor.advance()
        return .event(text)
    }

    private static func rest(_ cursor: inout Cursor, _ expected: Expected) throws(ScenarioProblem) -> String? {
        cursor.want(expected)
        let start = cursor.position
        while cursor.token != nil { cursor.advance() }
        let text = Quoting.message(of: cursor.tokens[start...])
        return text.isEmpty ? nil : text
    }

    private static func optional(_ cursor: inout Cursor, _ expected: Expected) throws(ScenarioProblem) -> String? {
        cursor.want(expected)
        return cursor.token == nil ? nil : try cursor.text(expected)
    }

    private static func help(_ cursor: inout Cursor) throws(ScenarioProblem) -> String? {
        let verbs = Verb.allCases.map(\.rawValue) + ConsoleVerb.allCases.map(\.rawValue)
        for verb in verbs { cursor.want(.word(verb)) }
        guard let word = cursor.bare else { return nil }
        guard verbs.contains(word) else { throw cursor.misfit() }
        cursor.advance()
        return word
    }
}

/// On or off.
enum Switch: String, CaseIterable {
    case on
    case off
}

extension ConsoleOption {
    /// The words for the options.
    enum Name: String, CaseIterable {
        case confirm
        case mouse
        case ascii
        case theme
        case color
        case layout
        case fps
    }

    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> ConsoleOption {
        switch try cursor.choice(of: Name.self) {
        case .confirm: .confirm(try cursor.choice(of: Switch.self) == .on)
        case .mouse: .mouse(try cursor.choice(of: Switch.self) == .on)
        case .ascii: .ascii(try cursor.choice(of: Switch.self) == .on)
        case .theme: .theme(try cursor.text(.value("the name of a theme")))
        case .color: .color(try cursor.choice(of: ColorDepth.self))
        case .layout: .layout(try cursor.text(.value("the name of a layout")))
        case .fps: .framesPerSecond(try cursor.number("frames a second", in: 1...60))
        }
    }
}

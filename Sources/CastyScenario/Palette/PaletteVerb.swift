/// The first word of a line of the palette.
package enum PaletteVerb: Hashable, Sendable {
    case scenario(Verb)
    case console(ConsoleVerb)

    package var word: String {
        switch self {
        case .scenario(let verb): verb.rawValue
        case .console(let verb): verb.rawValue
        }
    }
}

extension RunControl {
    /// The first word of the command.
    package var verb: ConsoleVerb {
        switch self {
        case .pause: .pause
        case .play: .play
        case .step: .step
        case .back: .back
        case .speed: .speed
        case .seek: .seek
        case .undo: .undo
        case .redo: .redo
        case .saveScript: .save
        }
    }
}

extension ReservedCommand {
    /// The first word of the command.
    package var verb: ConsoleVerb {
        switch self {
        case .until: .until
        case .always: .always
        case .never: .never
        case .record: .record
        case .replay: .replay
        case .export: .export
        case .bookmark: .bookmark
        case .source: .source
        case .background: .background
        }
    }
}

extension ConsoleVerb {
    /// Whether no console carries out the commands that begin with it.
    package var isReserved: Bool {
        switch self {
        case .until, .always, .never, .record, .replay, .export, .bookmark, .source, .background: true
        case .pause, .play, .step, .back, .speed, .seek, .undo, .redo, .save, .focus, .zoom, .filter, .sort, .follow,
            .view,
            .why, .goto, .mark, .loads, .readonly, .help, .quit:
            false
        }
    }
}

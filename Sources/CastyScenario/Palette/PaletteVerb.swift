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
        case .saveScript, .saveMoment: .save
        }
    }
}

extension ReservedCommand {
    /// The first word of the command.
    package var verb: ConsoleVerb {
        switch self {
        case .until: .until
        case .bookmark: .bookmark
        }
    }
}

extension ConsoleVerb {
    /// Whether no console carries out the commands that begin with it.
    package var isReserved: Bool {
        switch self {
        case .until, .bookmark: true
        case .pause, .play, .step, .back, .speed, .seek, .undo, .redo, .save, .focus, .zoom, .filter, .sort, .follow,
            .view,
            .why, .goto, .mark, .export, .loads, .readonly, .help, .quit:
            false
        }
    }
}

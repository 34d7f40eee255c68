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
        case .watch(let watch): watch.verb
        case .endUntil: .until
        case .whatIf, .endWhatIf: .whatIf
        case .endWatch: .watch
        case .undo: .undo
        case .redo: .redo
        case .saveScript, .saveMoment: .save
        }
    }
}

extension Watch {
    /// The first word of the command.
    package var verb: ConsoleVerb {
        switch rule {
        case .until: .until
        case .always: .always
        case .never: .never
        }
    }
}

extension ReservedCommand {
    /// The first word of the command.
    package var verb: ConsoleVerb {
        switch self {
        case .bookmark: .bookmark
        }
    }
}

extension ConsoleVerb {
    /// Whether no console carries out the commands that begin with it.
    package var isReserved: Bool {
        switch self {
        case .bookmark: true
        case .pause, .play, .step, .back, .speed, .seek, .until, .always, .never, .watches, .watch, .whatIf, .undo,
            .redo, .save,
            .focus, .zoom, .filter, .sort, .follow,
            .view,
            .why, .goto, .mark, .export, .loads, .readonly, .help, .quit:
            false
        }
    }
}

import CastyObservability

extension PaletteLine: CustomStringConvertible {
    /// The line in its canonical form.
    package var description: String {
        switch self {
        case .command(let command): command.description
        case .console(let command, at: nil): command.description
        case .console(let command, at: .some(let moment)): "at \(moment) \(command)"
        }
    }
}

extension ConsoleCommand: CustomStringConvertible {
    package var description: String {
        switch self {
        case .run(let control): control.description
        case .screen(let command): command.description
        case .reserved(let command): command.description
        }
    }
}

extension RunControl: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pause: "pause"
        case .play: "play"
        case .step(let count): "step" + (count == 1 ? "" : " \(count)")
        case .back(let count): "back" + (count == 1 ? "" : " \(count)")
        case .speed(let factor): "speed x\(factor)"
        case .seek(let time): "seek \(time.scenarioText)"
        case .watch(let watch): watch.description
        case .endUntil: "until off"
        case .whatIf(let whatIf): whatIf.description
        case .endWhatIf: "what-if off"
        case .endWatch(let number): "watch off " + (number.map(String.init) ?? "all")
        case .undo: "undo"
        case .redo: "redo"
        case .saveScript(let file): "save script \(Quoting.word(file))"
        case .saveMoment(let folder): "save moment" + (folder.map { " " + Quoting.word($0) } ?? "")
        }
    }
}

extension Watch: CustomStringConvertible {
    package var description: String { "\(rule.rawValue) \(condition)" + clause("within", within?.scenarioText) }
}

extension Condition: CustomStringConvertible {
    package var description: String {
        switch self {
        case .holds(let expect): expect.description
        case .event(let kind, let node): kind.rawValue + (node.map { " \($0)" } ?? "")
        }
    }
}

extension ScreenCommand: CustomStringConvertible {
    package var description: String {
        switch self {
        case .focus(let pane): "focus \(pane.rawValue)"
        case .zoom: "zoom"
        case .filter(let text): "filter" + (text.map { " " + Quoting.quoted($0) } ?? "")
        case .sort(let column, let descending): "sort \(Quoting.word(column))" + (descending ? " desc" : "")
        case .follow(let node): "follow \(node)"
        case .view(let node): "view " + (node?.description ?? "all")
        case .why(let subject): "why" + (subject.map { " \($0)" } ?? "")
        case .goto(let event): "goto \(Quoting.word(event))"
        case .mark(let nodes): "mark" + (nodes.isEmpty ? "" : " \(nodes.list)")
        case .loads: "loads"
        case .watches: "watches"
        case .comparison: "what-if"
        case .export(let format, let file): "export \(format.rawValue)" + (file.map { " " + Quoting.word($0) } ?? "")
        case .readonly(let on): "readonly \(word(on))"
        case .set(let option): "set \(option)"
        case .help(let verb): "help" + (verb.map { " \($0)" } ?? "")
        case .quit: "quit"
        }
    }
}

extension ReservedCommand: CustomStringConvertible {
    package var description: String {
        switch self {
        case .bookmark(let name): "bookmark" + (name.map { " " + Quoting.word($0) } ?? "")
        }
    }
}

extension WhySubject: CustomStringConvertible {
    package var description: String {
        switch self {
        case .node(let node): node.description
        case .shard(let shard): "shard \(shard)"
        case .entity(let entity): "entity \(Quoting.word(entity.id))"
        case .event(let id): Quoting.word(id)
        }
    }
}

extension ConsoleOption: CustomStringConvertible {
    package var description: String {
        switch self {
        case .confirm(let on): "confirm \(word(on))"
        case .mouse(let on): "mouse \(word(on))"
        case .ascii(let on): "ascii \(word(on))"
        case .theme(let name): "theme \(Quoting.word(name))"
        case .color(let depth): "color \(depth.rawValue)"
        case .layout(let name): "layout \(Quoting.word(name))"
        case .framesPerSecond(let count): "fps \(count)"
        }
    }
}

private func word(_ on: Bool) -> String { (on ? Switch.on : Switch.off).rawValue }

import CastyObservability
import CastyScenario

/// The command line: history, completion, and the console's own commands.
extension ConsoleState {
    mutating func handle(_ key: Key, _ palette: PaletteState, _ feed: ConsoleFeed) -> [Intent] {
        var palette = palette
        if key == .escape || key == .backspace && palette.field.text.isEmpty {
            dialogs.modal = nil
            return []
        }
        if key == .enter {
            let line = palette.field.text.trimmingBlanks
            dialogs.modal = nil
            guard !line.isEmpty else { return [] }
            do throws(ScenarioProblem) {
                return try execute(line, feed)
            } catch {
                palette.problem = error
                dialogs.modal = .palette(palette)
                return []
            }
        }
        let before = palette.field.text
        if key == .tab || key == .backTab {
            complete(&palette, backwards: key == .backTab, feed)
        } else if key == .up {
            recall(&palette, (palette.recalled ?? -1) + 1)
        } else if key == .down {
            recall(&palette, (palette.recalled ?? 0) - 1)
        } else if palette.field.handle(key) {
            palette.cycle = nil
            palette.recalled = nil
        }
        if palette.field.text != before { palette.problem = nil }
        dialogs.modal = .palette(palette)
        return []
    }

    mutating func remember(_ line: String) {
        dialogs.history.removeAll { $0 == line }
        dialogs.history.append(line)
        if dialogs.history.count > 500 { dialogs.history.removeFirst(dialogs.history.count - 500) }
    }

    private func recall(_ palette: inout PaletteState, _ back: Int) {
        guard back < dialogs.history.count else { return }
        if palette.recalled == nil { palette.draft = palette.field.text }
        palette.cycle = nil
        if back < 0 {
            if palette.recalled != nil { palette.field = TextField(palette.draft) }
            palette.recalled = nil
        } else {
            palette.recalled = back
            palette.field = TextField(dialogs.history[dialogs.history.count - 1 - back])
        }
    }

    private func complete(_ palette: inout PaletteState, backwards: Bool, _ feed: ConsoleFeed) {
        if palette.cycle == nil { palette.stem = palette.field.head }
        let found = completions(of: palette.stem, feed).candidates
        guard !found.isEmpty else { return }
        let index = palette.cycle.map { ($0 + (backwards ? found.count - 1 : 1)) % found.count } ?? 0
        let word = palette.stem.reversed().prefix { $0 != " " }.count
        let text = palette.stem.dropLast(word) + found[index]
        // The only candidate is accepted at once, with a blank for the next word.
        palette.field = TextField(found.count == 1 ? text + " " : String(text))
        palette.cycle = found.count == 1 ? nil : index
    }

    /// The possible continuations of a partial line.
    func completions(of text: String, _ feed: ConsoleFeed) -> Completion {
        let names = feed.snapshot.nodes.map(\.name)
        var entities: [String] = []
        search: for node in feed.snapshot.nodes {
            for region in node.sharding {
                for shard in region.shards {
                    for entity in shard.entities {
                        entities.append(entity.id)
                        if entities.count >= 200 { break search }
                    }
                }
            }
        }
        var completion = Completion.candidates(
            for: text,
            knowing: .init(
                nodes: mode.isAttached ? [] : names.compactMap(commandName),
                nodeNames: ["cursor", "marked", "all", "oldest"] + (mode.isAttached ? names : []),
                entities: entities.sorted()))
        if !text.contains(" ") {
            completion.candidates.removeAll { word in
                Self.refused.contains(word) || !mode.changesCluster && Self.refusal(of: word, in: mode) != nil
            }
        }
        return completion
    }

    /// Verbs of the language that no console carries out: they are not offered.
    private static let refused = Set(ConsoleVerb.allCases.filter(\.isReserved).map(\.rawValue))

    /// Why the first word of a line is not available in a mode; `nil` if it is.
    private static func refusal(of word: String, in mode: ConsoleMode) -> String? {
        // `set` is both: an option of the console, and a setting of the cluster.
        guard word != Verb.set.rawValue else { return nil }
        if let verb = Verb(rawValue: word) { return mode.refusal(of: .scenario(verb)) }
        return ConsoleVerb(rawValue: word).flatMap { mode.refusal(of: .console($0)) }
    }

    /// The node with this name; `nil` if it is not one that a command can name.
    static func nodeName(_ name: String) -> NodeName? { NodeName(text: name) }

    /// The nodes with these names that a command can name.
    static func nodeNames(_ names: [String]) -> [NodeName] { names.compactMap(nodeName) }

    /// The nodes that `cursor`, `marked`, `all` and `oldest` stand for at this moment.
    private func aliases(_ feed: ConsoleFeed) -> [String: [NodeName]] {
        let reading = ClusterReading(feed, observer: view.observer)
        var names = nodeAliases
        names["cursor"] = cursorRow(reading).flatMap { commandName($0.name) }.map { [$0] }
        let chosen = selection.marked.compactMap(commandName)
        if !chosen.isEmpty { names["marked"] = chosen }
        let all = reading.rows.filter(\.alive).map(\.name).compactMap(commandName)
        if !all.isEmpty { names["all"] = all }
        names["oldest"] = reading.rows.first(where: \.oldest).flatMap { commandName($0.name) }.map { [$0] }
        return names
    }

    /// Carries out a line: a command of the screen here, every other command through the backend.
    ///
    /// - Throws: The error in the line; then nothing was done, and the line is not added to the history.
    mutating func execute(_ line: String, _ feed: ConsoleFeed) throws(ScenarioProblem) -> [Intent] {
        let parsed = try PaletteLine.parse(Self.readingMoments(line), names: aliases(feed))
        if let stray = strayName(in: line) {
            say(.refused, "there is no node \(stray); there are \(Words.list(numbers.names, most: 8))")
            return []
        }
        remember(line)
        if case .command(.immediate(let command)) = parsed { dialogs.keep(command) }
        switch parsed {
        case .command(let command):
            if readOnly {
                say(.refused, "read-only (:readonly off)")
                return []
            }
            let verb = PaletteVerb.scenario(command.verb)
            guard (mode.refusal(of: verb) ?? pastRefusal(of: verb)) == nil else {
                return request(.command(command))
            }
            return ask(command, feed)
        case .console(.screen(let command), at: nil): return perform(command, feed)
        case .console(.run(.saveMoment(let folder)), at: nil): return [.save(moment(feed), folder: folder)]
        case .console(.run(let control), at: nil):
            if readOnly, PaletteVerb.console(control.verb).actsOnCluster {
                say(.refused, "\(control.verb.rawValue): read-only (:readonly off)")
                return []
            }
            return showsRecorded(control, feed) ? [] : request(.control(control))
        case .console(.reserved(let command), at: nil):
            let verb = PaletteVerb.console(command.verb)
            say(.refused, mode.refusal(of: verb) ?? "\(verb.word): not available here")
        case .console:
            say(.refused, mode.refusal(of: .scenario(.at)) ?? "at: only commands to the cluster can be scheduled")
        }
        return []
    }

    /// The intent that submits a request, unless this mode refuses it.
    private mutating func request(_ request: ConsoleRequest) -> [Intent] {
        if let reason = mode.refusal(of: request.verb) ?? pastRefusal(of: request.verb) {
            say(.refused, reason)
            return []
        }
        return [.submit(request)]
    }
}

/// Reads the console's configuration file.
///
/// All errors of the settings are collected; an error in the syntax ends the reading.
package struct ConsoleConfig: Sendable {
    /// What the file sets, and the defaults for the rest.
    package private(set) var options: ConsoleOptions
    package private(set) var problems: [ConfigProblem] = []
    /// The lines of the actions in `[keys]`.
    private var keyLines: [String: Int] = [:]

    package init(_ text: String, defaults: ConsoleOptions = ConsoleOptions()) {
        options = defaults
        let document: ConfigDocument
        do throws(ConfigProblem) {
            document = try ConfigDocument(text)
        } catch {
            problems = [error]
            return
        }
        // A setting may name a theme that stands further down.
        for table in document.tables where table.name.first == "themes" { readTheme(table) }
        for table in document.tables where table.name == ["layouts"] { table.entries.forEach { readLayout($0) } }
        for table in document.tables where table.name.first != "themes" {
            switch table.name {
            case ["layouts"]: break
            case []: for entry in table.entries { read(entry) }
            case ["keys"]: for entry in table.entries { readKeys(entry) }
            default:
                report(
                    table.line, "[\(table.name.joined(separator: "."))] is no table of this file",
                    "[keys], [layouts] or [themes.NAME]")
            }
        }
        checkKeys()
        problems.sort { $0.line < $1.line }
    }

    private mutating func report(_ line: Int, _ what: String, _ expected: String) {
        problems.append(ConfigProblem(line: line, what: what, expected: expected))
    }

    /// The settings before the first table.
    private mutating func read(_ entry: ConfigDocument.Entry) {
        switch Setting(rawValue: entry.key) {
        case .theme:
            guard let name = text(entry) else { return }
            guard let theme = Theme.named(name, own: options.themes) else {
                let known = ThemeName.allCases.map(\.rawValue) + options.themes.map(\.name)
                return report(entry.line, "there is no theme \"\(name)\"", known.joined(separator: ", "))
            }
            options.theme = theme
        case .layout:
            guard let name = text(entry) else { return }
            let known = LayoutPreset.builtIn + options.layouts.map(LayoutPreset.own)
            guard let layout = known.first(where: { $0.name == name }) else {
                return report(
                    entry.line, "there is no layout \"\(name)\"", known.map(\.name).joined(separator: ", "))
            }
            options.layout = layout
        case .color: if let value = choice(entry, ConsoleOptions.Colours.self) { options.colours = value }
        case .glyphs: if let value = choice(entry, ConsoleOptions.Glyphs.self) { options.glyphs = value }
        case .fps:
            guard case .number(let number) = entry.value, ConsoleOptions.frameRates.contains(number) else {
                return report(entry.line, "fps is no such number", "frames a second, 1 to 60")
            }
            options.framesPerSecond = number
        case .mouse: if let value = flag(entry) { options.mouse = value }
        case .readonly: if let value = flag(entry) { options.readOnly = value }
        case .confirm: if let value = flag(entry) { options.confirm = value }
        case nil:
            report(
                entry.line, "\(entry.key) is no setting", Setting.allCases.map(\.rawValue).joined(separator: ", "))
        }
    }

    /// The settings by name.
    enum Setting: String, CaseIterable {
        case theme, layout, color, glyphs, fps, mouse, readonly, confirm
    }

    private mutating func text(_ entry: ConfigDocument.Entry) -> String? {
        if case .text(let text) = entry.value { return text }
        report(entry.line, "\(entry.key) is \(entry.value.kind)", "a text in quotes")
        return nil
    }

    private mutating func flag(_ entry: ConfigDocument.Entry) -> Bool? {
        if case .flag(let flag) = entry.value { return flag }
        report(entry.line, "\(entry.key) is \(entry.value.kind)", "true or false")
        return nil
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ entry: ConfigDocument.Entry, _ type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let word = text(entry) else { return nil }
        if let choice = Choice(rawValue: word) { return choice }
        let known = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        report(entry.line, "\(entry.key) cannot be \"\(word)\"", known)
        return nil
    }

    /// `kill = "K"`, `quit = ["q", "Ctrl-X"]`.
    private mutating func readKeys(_ entry: ConfigDocument.Entry) {
        guard let action = KeyMap.actions.first(where: { $0.name == entry.key }) else {
            return report(
                entry.line, "\(entry.key) is no action of a key",
                "one of those that casty console --print-config lists")
        }
        let values: [ConfigDocument.Value] = if case .list(let list) = entry.value { list } else { [entry.value] }
        var keys: [Key] = []
        for value in values {
            guard case .text(let name) = value, let key = Key(name: name) else {
                let what =
                    if case .text(let name) = value { "\"\(name)\" is no key" } else { "\(value.kind) is no key" }
                return report(entry.line, what, Key.nameForms)
            }
            if let reason = key.isTakenBecause {
                return report(entry.line, "\(key.name) cannot be told apart: \(reason)", "another key")
            }
            if let owner = Self.fixed(key), owner != entry.key {
                return report(entry.line, "\(key.name) is always the key for \(owner)", "another key")
            }
            if !keys.contains(key) { keys.append(key) }
        }
        keyLines[entry.key] = entry.line
        options.keys[entry.key] = keys == action.keys ? nil : keys
    }

    private static func fixed(_ key: Key) -> String? {
        switch key {
        case .control("c"): "quit"
        case .control("z"): "suspend"
        case .control("l"): "repaint"
        default: nil
        }
    }

    private mutating func checkKeys() {
        for conflict in KeyMap(changing: options.keys).conflicts {
            // The line is that of an action that the file gives a key; only such a one can conflict.
            let named = conflict.actions.compactMap { name in keyLines[name].map { (name, $0) } }
            guard let (name, line) = named.max(by: { $0.1 < $1.1 }) else { continue }
            let other = conflict.actions.first { $0 != name } ?? name
            report(
                line, "\(conflict.key.name) is the key for \(other) too",
                "a key that is free for \(name), or another one for \(other)")
        }
    }

    /// `mine = "members phi | events"` in `[layouts]`.
    private mutating func readLayout(_ entry: ConfigDocument.Entry) {
        guard let words = text(entry) else { return }
        guard !LayoutPreset.builtIn.contains(where: { $0.name == entry.key }) else {
            return report(entry.line, "\(entry.key) is a built-in layout", "another name")
        }
        guard let layout = OwnLayout(name: entry.key, words) else {
            return report(entry.line, "\"\(words)\" is no layout", OwnLayout.form)
        }
        options.layouts.append(layout)
    }

    /// `[themes.night]`.
    private mutating func readTheme(_ table: ConfigDocument.Table) {
        guard table.name.count == 2, !table.name[1].isEmpty else {
            return report(table.line, "a theme without a name", "[themes.NAME]")
        }
        let name = table.name[1]
        guard ThemeName(rawValue: name) == nil else {
            return report(table.line, "\(name) is a built-in theme", "another name, with base = \"\(name)\"")
        }
        var base = ThemeName.standard
        var inks: [Role: Ink] = [:]
        for entry in table.entries {
            guard let words = text(entry) else { continue }
            if entry.key == "base" {
                guard let known = ThemeName(rawValue: words) else {
                    let names = ThemeName.allCases.map(\.rawValue).joined(separator: ", ")
                    report(entry.line, "there is no built-in theme \"\(words)\"", names)
                    continue
                }
                base = known
            } else if let role = Role(configName: entry.key) {
                if let ink = InkText.parse(words) {
                    inks[role] = ink
                } else {
                    report(entry.line, "\"\(words)\" is no style", InkText.form)
                }
            } else {
                report(
                    entry.line, "\(entry.key) is no role of a theme",
                    "base or one of \(Role.allCases.map(\.configName).joined(separator: ", "))")
            }
        }
        options.themes.append(Theme(name: name, base: base, inks: inks))
    }
}

import CastyConsole
import CastyScenario

/// The manual page, from the tables that the program itself runs by: its commands and options, its keys, the words of
/// its language.
struct ManualPage {
    private var page: Troff
    private let command: HelpDump.Command

    /// The commands that open a screen: the options that all of them have are described once.
    private static let screens = ["console", "attach", "tour", "replay"]

    static func text(of command: HelpDump.Command, version: String) -> String {
        var page = ManualPage(page: Troff(title: "CASTY", section: 1, source: version), command: command)
        page.write()
        return page.page.text
    }

    private mutating func write() {
        page.section("NAME")
        page.paragraphs("casty - \(lowercased(command.abstract ?? ""))")
        page.section("SYNOPSIS")
        page.paragraphs("casty [COMMAND] [OPTIONS]")
        page.section("DESCRIPTION")
        page.paragraphs(command.discussion)
        commands()
        keys()
        language()
        surroundings()
    }

    private func lowercased(_ text: String) -> String {
        let text = text.hasSuffix(".") ? String(text.dropLast()) : text
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    private mutating func commands() {
        page.section("COMMANDS")
        let shared = screenOptions
        for sub in command.listed { describe(sub, of: "casty", shared) }
        page.section("OPTIONS OF THE SCREEN")
        page.paragraphs("The commands \(Self.screens.joined(separator: ", ")) share these.")
        for argument in shared { describe(argument) }
        page.section("COMMON OPTIONS")
        page.entry(["-h, --help"], "Shows help, for a command too.")
        page.entry(["--version"], "Shows the version.")
    }

    /// Describes a command, and those below it.
    private mutating func describe(_ sub: HelpDump.Command, of parent: String, _ shared: [HelpDump.Argument]) {
        let name = "\(parent) \(sub.commandName)"
        page.subsection(name + synopsis(sub))
        page.paragraphs(sub.abstract)
        page.paragraphs(sub.discussion)
        let isScreen = Self.screens.contains(sub.commandName)
        for argument in sub.shown where !isCommon(argument) && !(isScreen && shared.contains(argument)) {
            describe(argument)
        }
        if isScreen { page.paragraphs("And the options of the screen, below.") }
        for next in sub.listed { describe(next, of: name, shared) }
    }

    /// The options that all commands with a screen have.
    private var screenOptions: [HelpDump.Argument] {
        let lists = command.listed.filter { Self.screens.contains($0.commandName) }.map(\.shown)
        guard let first = lists.first else { return [] }
        return first.filter { argument in !isCommon(argument) && lists.allSatisfy { $0.contains(argument) } }
    }

    private func isCommon(_ argument: HelpDump.Argument) -> Bool {
        argument.typedNames.contains("--help") || argument.typedNames.contains("--version")
    }

    private func synopsis(_ sub: HelpDump.Command) -> String {
        sub.shown.filter { $0.kind == "positional" }.map { argument in
            let name = (argument.valueName ?? "argument").uppercased() + (argument.isRepeating ? "…" : "")
            return " " + (argument.isOptional ? "[\(name)]" : name)
        }.joined()
    }

    private mutating func describe(_ argument: HelpDump.Argument) {
        let value = (argument.valueName ?? "value").uppercased()
        let names = argument.typedNames.sorted { ($0.count, $0) < ($1.count, $1) }.joined(separator: ", ")
        let term =
            switch argument.kind {
            case "positional": value
            case "flag": names
            default: "\(names) \(value)"
            }
        let isDefaulted = argument.kind == "option" && argument.defaultValue?.isEmpty == false
        let fallback = isDefaulted ? "Default: \(argument.defaultValue ?? "")." : ""
        page.entry([term], argument.abstract ?? "", argument.discussion ?? "", fallback)
    }

    private mutating func keys() {
        page.section("KEYS")
        page.paragraphs(
            "The keys of the console without a configuration; in brackets the name of the action, for [keys] in the "
                + "configuration. What a key cannot do where you are it says.")
        var group = ""
        for action in KeyMap.actions {
            if action.group != group {
                group = action.group
                page.subsection(group)
            }
            page.entry([action.keys.map(\.configName).joined(separator: " ")], "\(action.summary) [\(action.name)]")
        }
    }

    private mutating func language() {
        page.section("SCENARIOS")
        page.paragraphs(
            "A scenario is a file of commands, one a line; # starts a comment. The command line of the console (:) and "
                + "--plain take the same commands. Nodes are n1, n2 and so on; lists are separated by commas; times are "
                + "300ms, 10s, 2m; an entity is TYPE-REST, as account-7.")
        for verb in Verb.allCases { page.entry(verb.usage, verb.summary) }
        page.section("COMMAND LINE OF THE CONSOLE")
        page.paragraphs("Besides the commands of scenarios:")
        for verb in ConsoleVerb.allCases where !verb.isReserved { page.entry(verb.usage, verb.summary) }
    }

    private mutating func surroundings() {
        page.section("FILES")
        page.entry(
            ["$XDG_CONFIG_HOME/casty/config", "~/.config/casty/config"],
            "The configuration of the console: options of the screen, keys, themes. casty console --print-config prints "
                + "it with comments.")
        page.section("ENVIRONMENT")
        page.entry(["NO_COLOR"], "No colours, unless --color says otherwise.")
        page.entry(["XDG_CONFIG_HOME, HOME"], "Where the configuration is.")
        page.entry(["TERM, LANG, LC_ALL, LC_CTYPE"], "What the terminal can do, and which characters it shows.")
        page.section("EXIT STATUS")
        for (code, meaning) in ExitStatus.all { page.entry([code], meaning) }
        page.section("EXAMPLES")
        for (line, meaning) in Self.examples { page.entry([line], meaning) }
    }

    private static let examples = [
        ("casty tour", "What a cluster does, in five missions."),
        ("casty console --sim --seed 42", "A console on a simulated cluster, in which time can be turned back."),
        ("casty run demo/scenarios/*.casty", "Run scenarios without a screen."),
        ("echo 'why n2' | casty console --sim --plain", "Ask without a screen."),
        (
            "casty console --sim --script kill.casty --snapshot 120x40 --svg kill.svg --cast kill.cast",
            "A picture and a film of a scenario."
        ),
        ("casty completions bash > ~/.local/share/bash-completion/completions/casty", "Install completions."),
        ("casty man | man -l -", "This page."),
    ]
}

/// The exit codes of all commands.
enum ExitStatus {
    static let all = [
        ("0", "Done, or passed."),
        (
            "1",
            "An expectation or an invariant failed or could not be proved; with --plain also, a command was refused."
        ),
        ("64", "The command line is wrong."),
        ("65", "A scenario or a line of input is bad; the message names the line and what was expected there."),
        ("66", "A file or a terminal that is not there."),
        ("69", "An address that is taken or does not answer; a terminal that cannot position the cursor."),
        ("70", "An internal error."),
        ("71", "The system refuses threads, processes or open files."),
        ("73", "A file that cannot be made."),
        ("74", "A file or results that cannot be written."),
        ("78", "A bad configuration file; the message names the line and what was expected there."),
        ("128+N", "Ended by signal N."),
    ]
}

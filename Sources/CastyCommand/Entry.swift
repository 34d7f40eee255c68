import ArgumentParser
import CastyTerminal
import Dispatch
import Glibc

/// Where the process begins.
@main
enum Entry {
    static func main() {
        // The parent that gives the terminal back after any death of this process has to split off before the first thread.
        if opensScreen(CommandLine.arguments.dropFirst()) { TerminalApp.supervise() }
        refuseUnknownCommand(CommandLine.arguments.dropFirst().first)
        do {
            var command = try Casty.parseAsRoot()
            if command is any AsyncParsableCommand { runAsynchronously() }
            try command.run()
        } catch {
            Casty.exit(withError: error)
        }
    }

    /// Names a mistyped command; the parser would take it for an argument of the console.
    private static func refuseUnknownCommand(_ word: String?) {
        guard let word, !word.hasPrefix("-"), word != "help" else { return }
        var known: [String] = []
        var shown: [String] = []
        for command in Casty.configuration.subcommands {
            guard let name = command.configuration.commandName else { continue }
            known.append(name)
            if command.configuration.shouldDisplay { shown.append(name) }
        }
        if known.contains(word) { return }
        Output.error(
            "casty: there is no command \"\(word)\"; the commands are \(shown.joined(separator: ", ")). See casty --help."
        )
        exit(64)
    }

    /// Runs a command that uses tasks. Only then are there threads before the command begins.
    private static func runAsynchronously() -> Never {
        Task {
            do {
                if var command = try Casty.parseAsRoot() as? any AsyncParsableCommand { try await command.run() }
                Casty.exit()
            } catch {
                Casty.exit(withError: error)
            }
        }
        dispatchMain()
    }

    /// Whether these arguments open the console on a screen.
    private static func opensScreen(_ arguments: ArraySlice<String>) -> Bool {
        let first = arguments.first ?? "console"
        guard first == "console" || ["replay", "attach"].contains(first) || first.hasPrefix("-") else { return false }
        let headless = ["--snapshot", "--help", "-h", "--version", "--no-supervise", "--headless"]
        if arguments.contains(where: { argument in headless.contains { argument == $0 || argument.hasPrefix($0 + "=") }
        }) {
            return false
        }
        return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    }
}

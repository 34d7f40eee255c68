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
        do {
            var command = try Casty.parseAsRoot()
            if command is any AsyncParsableCommand { runAsynchronously() }
            try command.run()
        } catch {
            Casty.exit(withError: error)
        }
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
        guard first == "console" || first.hasPrefix("-") else { return false }
        let headless = ["--snapshot", "--help", "-h", "--version", "--no-supervise"]
        if arguments.contains(where: { argument in headless.contains { argument == $0 || argument.hasPrefix($0 + "=") }
        }) {
            return false
        }
        return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    }
}

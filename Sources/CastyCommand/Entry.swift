import ArgumentParser
import CastyTerminal
import Glibc

/// Where the process begins.
@main
enum Entry {
    static func main() {
        // The parent that gives the terminal back after any death of this process has to split off before the first thread.
        if opensScreen(CommandLine.arguments.dropFirst()) { TerminalApp.supervise() }
        Casty.main()
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

import ArgumentParser
import CastyTerminal
import Dispatch
import Foundation
import Glibc
import Logging

/// The entry point of the process.
@main
enum Entry {
    static func main() {
        StandardStreams.occupy()
        // The parent process that restores the terminal after any death of this one has to be split off before the
        // first thread starts.
        if opensScreen(CommandLine.arguments.dropFirst()) { TerminalApp.supervise() }
        // A write to a closed reader is an error at the write, and does not end the process.
        signal(SIGPIPE, SIG_IGN)
        FileLimit.raise()
        LoggingSystem.bootstrap { OutputLogHandler(label: $0) }
        refuseUnknownCommand(CommandLine.arguments.dropFirst().first)
        let settings = completeArguments()
        do {
            var command = try Casty.parseAsRoot(settings.arguments)
            if command is any AsyncParsableCommand { runAsynchronously(settings) }
            try command.run()
            end()
        } catch {
            end(error, settings)
        }
    }

    /// The command line with the settings of the environment and of a node's file; ends the process where they are bad.
    private static func completeArguments() -> CommandSettings {
        do {
            let settings = try CommandSettings(
                Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment
            ) { try ConfigFile.text(at: $0) }
            for variable in settings.unknownVariables {
                Output.error("casty node: \(variable) names no option of a node, and is ignored")
            }
            return settings
        } catch let error as CommandSettings.Problem {
            Output.error("Error: \(error.text)")
            exit(error.code)
        } catch let error as ConfigFile.ReadError {
            Output.error(error.message)
            exit(error.exitCode)
        } catch {
            Output.error("Error: \(error)")
            exit(70)
        }
    }

    /// Ends the process: reports the error, and waits for pending output.
    private static func end(_ error: (any Error)? = nil, _ settings: CommandSettings? = nil) -> Never {
        var code: Int32 = 0
        if let error {
            code = Casty.exitCode(for: error).rawValue
            var message = Casty.fullMessage(for: error)
            if code != 0, let settings { message += settings.origins(in: message) }
            // Help and the version count as results.
            if !message.isEmpty { if code == 0 { Output.line(message) } else { Output.error(message) } }
        }
        // A node does not wait for a reader that may never come.
        let isWritten = Output.drain(atMost: Output.mayDrop ? .seconds(1) : nil)
        exit(code == 0 && !isWritten && !Output.mayDrop ? Output.writeFailed : code)
    }

    /// Reports a mistyped command; the parser would treat it as an argument of the console.
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

    /// Runs a command that uses tasks. In this case only, there are threads before the command begins.
    private static func runAsynchronously(_ settings: CommandSettings) -> Never {
        Task {
            do {
                if var command = try Casty.parseAsRoot(settings.arguments) as? any AsyncParsableCommand {
                    try await command.run()
                }
                end()
            } catch {
                end(error)
            }
        }
        dispatchMain()
    }

    /// Whether these arguments open the console on a screen.
    private static func opensScreen(_ arguments: ArraySlice<String>) -> Bool {
        let first = arguments.first ?? "console"
        guard first == "console" || ["replay", "attach", "tour"].contains(first) || first.hasPrefix("-") else {
            return false
        }
        let headless = [
            "--snapshot", "--plain", "--print-config", "--help", "-h", "--version", "--no-supervise", "--headless",
            "--scenario",
        ]
        if arguments.contains(where: { argument in headless.contains { argument == $0 || argument.hasPrefix($0 + "=") }
        }) {
            return false
        }
        return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    }
}

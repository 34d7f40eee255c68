import ArgumentParser

/// `casty man`: the manual page.
struct ManCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man", abstract: "Print the manual page.",
        discussion: """
            As troff with the man macros, made from the same tables that the program runs by.

              casty man | man -l -
              casty man > /usr/local/share/man/man1/casty.1
            """)

    func run() throws { Output.results(try Self.page()) }

    /// The page's source.
    static func page() throws -> String {
        ManualPage.text(of: try HelpDump(of: Casty.self).command, version: Casty.configuration.version)
    }
}

/// `casty completions`: what makes a shell complete commands and options.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print a completion script for bash, zsh or fish.",
        discussion: """
            Put it where your shell looks for completions:

              casty completions bash > ~/.local/share/bash-completion/completions/casty
              casty completions zsh > "${fpath[1]}/_casty"
              casty completions fish > ~/.config/fish/completions/casty.fish
            """)

    @Argument(
        help: "The shell: bash, zsh or fish.",
        completion: .list(CompletionShell.allCases.map(\.rawValue)))
    var shell: String

    func validate() throws { _ = try known() }

    private func known() throws -> CompletionShell {
        guard let found = CompletionShell(rawValue: shell) else {
            let names = CompletionShell.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("The shell is one of \(names), not \(shell)")
        }
        return found
    }

    func run() throws {
        let script = Casty.completionScript(for: try known())
        Output.results(script.hasSuffix("\n") ? script : script + "\n")
    }
}

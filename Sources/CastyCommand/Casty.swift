import ArgumentParser

/// The command line: `casty`.
@main
struct Casty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "casty",
        abstract: "Actors over a cluster: explore it, run scenarios, search for faults.",
        subcommands: [RunCommand.self])
}

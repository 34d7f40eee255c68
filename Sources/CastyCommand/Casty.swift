import ArgumentParser

/// The command line: `casty`.
struct Casty: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "casty",
        abstract: "Actors over a cluster: watch it, kill nodes, run scenarios, search for faults.",
        discussion: """
            Without a subcommand the console opens on three live nodes. Scenarios are text files of the commands that the console \
            takes too; demo/scenarios holds some to begin with. New here? casty tour.
            """,
        version: "casty 0.1.0",
        subcommands: [
            OpenConsole.self, TourCommand.self, RunCommand.self, ExploreCommand.self, ReplayCommand.self,
            NodeCommand.self,
            AttachCommand.self, StatusCommand.self, MembersCommand.self, ShardsCommand.self, AskCommand.self,
            TellCommand.self, LoadCommand.self, DrainCommand.self, UndrainCommand.self, MoveCommand.self,
            PinCommand.self,
            UnpinCommand.self, RebalanceCommand.self, LeaveCommand.self, DownCommand.self, StoreCommand.self,
            BenchCommand.self, CompletionsCommand.self,
            ManCommand.self,
            BenchPeer.self, BenchWork.self, FuzzCommand.self, TravelCommand.self,
        ],
        defaultSubcommand: OpenConsole.self)
}

import ArgumentParser
import Foundation

/// The command line as ArgumentParser describes it: what `--help` shows, as values.
struct HelpDump: Decodable {
    struct Command: Decodable {
        var commandName: String
        var shouldDisplay: Bool?
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?

        /// The commands that help lists, without `help` itself.
        var listed: [Command] { (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" } }

        /// The arguments that help lists.
        var shown: [Argument] { (arguments ?? []).filter { $0.shouldDisplay != false } }
    }

    struct Argument: Decodable, Hashable {
        struct Name: Decodable, Hashable {
            var kind: String
            var name: String

            /// As it is typed: `--seed`.
            var typed: String { (kind == "long" ? "--" : "-") + name }
        }

        var kind: String
        var shouldDisplay: Bool?
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?
        var discussion: String?

        var typedNames: [String] { (names ?? []).map(\.typed) }
    }

    var command: Command

    /// The command line of a command.
    init(of type: any ParsableCommand.Type) throws {
        self = try JSONDecoder().decode(HelpDump.self, from: Data(type._dumpHelp().utf8))
    }
}

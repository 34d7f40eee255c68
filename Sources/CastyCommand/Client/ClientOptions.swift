import ArgumentParser
import CastyCore
import CastyObservability

/// What all commands know that talk to running nodes.
struct ClientOptions: ParsableArguments {
    @Option(help: "The name of the cluster.")
    var cluster = "casty"

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    /// Reads HOST:PORT of a node that may be asked.
    static func node(_ text: String) throws -> NodeAddress {
        guard let address = NodeAddress(text), address.port != 0 else {
            throw ValidationError("A node is HOST:PORT, as 127.0.0.1:7001, not \(text.printable)")
        }
        guard address.isLoopback else {
            throw ValidationError(
                "\(address.description.printable) is not on this machine. Nodes do not authenticate clients yet, so they are asked on loopback "
                    + "only: 127.0.0.1, ::1 or localhost.")
        }
        return address
    }
}

/// What the commands know that show what one running node sees.
struct AskedNode: ParsableArguments {
    @Argument(help: ArgumentHelp("The node, as HOST:PORT.", valueName: "node"))
    var node: String
    @OptionGroup var options: ClientOptions

    func validate() throws { _ = try ClientOptions.node(node) }

    /// What the node sees now.
    ///
    /// - Parameter verb: The command, for its error.
    func snapshot(for verb: String) throws -> NodeSnapshot {
        try NodeGlance.take(at: try ClientOptions.node(node), cluster: options.cluster, for: verb)
    }
}

/// The exit codes of commands that talk to running nodes.
enum ClientExit {
    /// No node answers.
    static let unavailable = ExitCode(69)
}

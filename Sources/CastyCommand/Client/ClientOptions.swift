import ArgumentParser
import CastyCore
import CastyLive
import CastyObservability
import CastySharding

/// The options of all commands that talk to running nodes.
struct ClientOptions: ParsableArguments {
    @Option(help: "The name of the cluster.")
    var cluster = "casty"

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    @OptionGroup(title: "Credentials")
    var credentials: CredentialOptions

    /// Parses HOST:PORT of a node to ask.
    func node(_ text: String) throws -> NodeAddress {
        guard let address = NodeAddress(text)?.canonical, address.port != 0 else {
            throw ValidationError("A node is HOST:PORT, as 127.0.0.1:7001, not \(text.printable)")
        }
        guard address.isLoopback || credentials.allowOthers else {
            throw ValidationError("\(address.description.printable) \(CredentialOptions.advice)")
        }
        return address
    }
}

/// The options of the commands that show one running node's view.
struct AskedNode: ParsableArguments {
    @Argument(help: ArgumentHelp("The node, as HOST:PORT.", valueName: "node"))
    var node: String
    @OptionGroup var options: ClientOptions

    func validate() throws { _ = try options.node(node) }

    /// The node's current view.
    ///
    /// - Parameter verb: The command's name, for its error.
    func snapshot(for verb: String) throws -> NodeSnapshot {
        try NodeGlance.take(at: try options.node(node), options, for: verb)
    }
}

/// The exit codes of commands that talk to running nodes.
enum ClientExit {
    /// No node answers.
    static let unavailable = ExitCode(69)

    /// The exit code of a request that failed.
    static func code(of error: ClientError) -> ExitCode {
        switch error.code {
        // No node could be used, for whatever reason.
        case .noNode, .notAllowed: unavailable
        case .badSetting, .unknownType, .badRequest, .overloaded, .refused, .unavailable, .rejected, .timedOut, .failed,
            .connectionLost, .closed, .cancelled:
            ExitCode(1)
        }
    }
}

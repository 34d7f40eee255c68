import ArgumentParser
import CastyPrimitives

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

/// The exit codes of commands that talk to running nodes.
enum ClientExit {
    /// No node answers.
    static let unavailable = ExitCode(69)
}

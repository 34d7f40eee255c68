import ArgumentParser
import CastyCore
import CastyTerminal

/// `casty attach`: the console over a running cluster of processes.
struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Open the console over a running cluster of processes.",
        discussion: """
            Looks on: the console is never a member, is not counted, and changes nothing. It begins with one node and finds the \
            others through it.

              casty node --listen 127.0.0.1:7001
              casty attach 127.0.0.1:7001
            """)

    @Argument(help: ArgumentHelp("Any member, as HOST:PORT.", valueName: "address"))
    var address: String

    @Option(help: "The name of the cluster.")
    var cluster = "casty"

    @OptionGroup var screen: ScreenOptions

    func validate() throws { _ = try parsed() }

    private func parsed() throws -> NodeAddress {
        guard let node = NodeAddress(address), node.port != 0 else {
            throw ValidationError("The address is HOST:PORT, as 127.0.0.1:7001, not \(address)")
        }
        return node
    }

    func run() throws {
        try screen.checkFiles(named: "attach")
        let backend: AttachedBackend
        do {
            backend = try AttachedBackend.open(cluster: cluster, seed: try parsed())
        } catch {
            Output.error("casty attach: \(error)")
            throw ExitCode(69)
        }
        defer { backend.close() }
        guard backend.waitForFirst(atMost: .seconds(5)) else {
            Output.error(
                "casty attach: \(address) does not answer\(backend.complaint.map { ": \($0)" } ?? ""). Is a node of cluster "
                    + "\"\(cluster)\" listening there? --cluster names another one.")
            throw ExitCode(69)
        }
        let end = backend.now + .seconds(3)
        try screen.show(backend) { backend.now >= end }
    }
}

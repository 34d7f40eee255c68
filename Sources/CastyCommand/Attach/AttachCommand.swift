import ArgumentParser
import CastyCore
import CastyLive
import CastyTerminal

/// `casty attach`: the console over a running cluster of processes.
struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Open the console over a running cluster of processes.",
        discussion: """
            The console is never a member and is not counted. It begins with the given nodes and finds the others through them. With \
            credentials to operate (on loopback without credentials, anyone's) its keys and lines move shards, drain, let nodes leave, \
            mark them down, and send to entities: leave, down, drain, undrain, move, pin, rebalance, tell, ask. With credentials to \
            observe, or --readonly, it changes nothing. When the node through which it sees the cluster does not answer, it goes on through \
            another one; when none answers, it keeps trying until one does, or until q.

              casty node --listen 127.0.0.1:7001
              casty attach 127.0.0.1:7001
              casty attach 127.0.0.1:7001 --record incident.rec     # casty replay incident.rec shows it again

            ← and → in the pane Events go through the last ten minutes; End goes back to live.
            """)

    @Argument(help: ArgumentHelp("Members, as HOST:PORT; one is enough.", valueName: "address"))
    var addresses: [String]

    @Option(help: "The name of the cluster.")
    var cluster = "casty"

    @Option(help: ArgumentHelp("Record what is seen into this file, which casty replay opens.", valueName: "file"))
    var record: String?

    @OptionGroup(title: "Credentials")
    var credentials: CredentialOptions

    @OptionGroup var screen: ScreenOptions

    func validate() throws { _ = try parsed() }

    private func parsed() throws -> [NodeAddress] {
        try addresses.map { text in
            guard let node = NodeAddress(text)?.canonical, node.port != 0 else {
                throw ValidationError("The address is HOST:PORT, as 127.0.0.1:7001, not \(text)")
            }
            guard node.isLoopback || credentials.allowOthers else {
                throw ValidationError("\(text.printable) \(CredentialOptions.advice)")
            }
            return node
        }
    }

    func run() throws {
        try screen.checkFiles(named: "attach")
        let protection = try credentials.protection(for: "attach")
        let backend: AttachedBackend
        do {
            backend = try AttachedBackend.open(
                cluster: cluster, seeds: try parsed(), record: record, credentials.security, protection: protection)
        } catch let error as RecordingError {
            Output.error("casty attach: --record \(record ?? "") cannot be written: \(error.reason)")
            throw ExitCode(73)
        } catch {
            Output.error("casty attach: \(error)")
            throw ExitCode(69)
        }
        defer { backend.close() }
        guard backend.waitForFirst(atMost: .seconds(5)) else {
            Output.error(
                "casty attach: \(addresses.joined(separator: ", ")) \(addresses.count == 1 ? "does" : "do") not answer"
                    + "\(backend.lastError.map { ": \($0)" } ?? ""). Is a node of cluster "
                    + "\"\(cluster)\" listening there? --cluster names another one.")
            throw ExitCode(69)
        }
        let end = backend.now + .seconds(3)
        try screen.show(backend) { backend.now >= end }
    }
}

import ArgumentParser
import CastyCore
import CastyObservability
import CastySharding

/// `casty ask`: asks an entity through any node.
struct AskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Ask an entity through a running node, and print its reply.",
        discussion: """
            The entity may live on any node; it starts if it does not run. A request that was surely not handled is sent again until --within is over; \
            one whose outcome is not known is not. Exits with 69 if no node answers, 1 if there is no reply for another reason, which is printed.

              casty ask 127.0.0.1:7001 account-7 deposit 100
              casty ask 127.0.0.1:7001 account-7 balance
              casty ask 127.0.0.1:7001,127.0.0.1:7002 counter-1 get --within 2s
            """)

    @OptionGroup var arguments: EntityArguments

    func run() throws { try arguments.send(for: "ask") }
}

/// `casty tell`: sends a command to an entity through any node.
struct TellCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tell", abstract: "Send a command to an entity through a running node.",
        discussion: """
            Returns when a node has taken the command; it may still be lost on its way to the entity, see casty ask for one that is answered. Exits \
            with 69 if no node answers.

              casty tell 127.0.0.1:7001 account-7 deposit 100
            """)

    @OptionGroup var arguments: EntityArguments

    func run() throws { try arguments.send(for: "tell") }
}

/// The arguments for a node, an entity, and a message.
struct EntityArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("The node, as HOST:PORT; several with commas between them.", valueName: "node"))
    var node: String
    @Argument(help: ArgumentHelp("The entity, as TYPE-REST: account-7.", valueName: "entity"))
    var entity: String
    @Argument(parsing: .remaining, help: ArgumentHelp("The command: deposit 100.", valueName: "text"))
    var text: [String]
    @Option(help: ArgumentHelp("How long to wait, as 10s.", valueName: "time"))
    var within = ScenarioDuration(.seconds(10))
    @OptionGroup var options: ClientOptions

    func validate() throws {
        _ = try nodes()
        guard !text.isEmpty else { throw ValidationError("Say what the entity is sent, as: deposit 100") }
        guard within.duration > .zero else { throw ValidationError("--within is more than 0s") }
    }

    private func nodes() throws -> [NodeAddress] {
        let nodes = try node.split(separator: ",").map { try options.node(String($0)) }
        guard !nodes.isEmpty else { throw ValidationError("Name a node, as 127.0.0.1:7001") }
        return nodes
    }

    func send(for command: String) throws {
        let session = try ClientSession(options, nodes: try nodes(), for: command)
        defer { session.end() }
        let words = text.joined(separator: " ")
        let result = session.send(
            command == "ask" ? .ask(entity, words) : .tell(entity, words), within: within.duration)
        if options.json { Output.line(Self.json(command, entity, result)) }
        switch result {
        case .success(let reply): if command == "ask", !options.json { Output.line(reply.text.printable) }
        case .failure(let error):
            Output.error(
                "casty \(command): \(error)"
                    + (error.isSurelyUnhandled ? "" : ". It may have been handled, or may be later."))
            throw ClientExit.code(of: error)
        }
    }

    private static func json(
        _ command: String, _ entity: String, _ result: Result<EntityClient.Reply, ClientError>
    ) -> String {
        var line = JSONLine()
        line.add("event", command == "ask" ? "reply" : "sent")
        line.add("entity", entity)
        switch result {
        case .success(let reply):
            line.add("status", "passed")
            line.add("node", reply.node.address.description)
            if command == "ask" { line.add("reply", reply.text) }
        case .failure(let error):
            line.add("status", "failed")
            line.add("code", error.code.rawValue)
            line.add("reason", error.message)
            line.add("handled", error.isSurelyUnhandled ? "no" : "unknown")
        }
        return line.text
    }
}

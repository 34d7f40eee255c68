import ArgumentParser
import CastyCore
import CastyLive
import CastyObservability
import CastySharding

/// The options of all operators' verbs.
struct OperateOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Any node of the cluster, as HOST:PORT; several with commas between them.", valueName: "node"))
    var node: String
    @Option(help: ArgumentHelp("How long to wait for the cluster's answer, as 10s.", valueName: "time"))
    var within = ScenarioDuration(.seconds(10))
    @OptionGroup var options: ClientOptions

    func validate() throws {
        _ = try nodes
        guard within.duration > .zero else { throw ValidationError("--within is more than 0s") }
    }

    var nodes: [NodeAddress] {
        get throws {
            let nodes = try node.split(separator: ",").map { try options.node(String($0)) }
            guard !nodes.isEmpty else { throw ValidationError("Name a node, as 127.0.0.1:7001") }
            return nodes
        }
    }

    /// Parses HOST:PORT of a member that a verb is about, which may be on another machine.
    static func member(_ text: String) throws -> NodeAddress {
        guard let address = NodeAddress(text)?.canonical, address.port != 0 else {
            throw ValidationError("A member is HOST:PORT, as 127.0.0.1:7001, not \(text.printable)")
        }
        return address
    }

    /// Sends a verb, and prints what came of it.
    ///
    /// - Parameters:
    ///   - name: The command, for its output.
    ///   - done: What is said when it is accepted, from the number of shards that begin to move.
    func send(_ verb: OperatorVerb, as name: String, _ done: (Int) -> String) throws {
        let session = try ClientSession(options, nodes: try nodes, for: name)
        defer { session.end() }
        let result = session.send(.operate(verb), within: within.duration)
        if options.json { Output.line(Self.json(name, result)) }
        switch result {
        case .success(let reply): if !options.json { Output.line(done(Int(reply.text) ?? 0)) }
        case .failure(let error):
            Output.error(
                "casty \(name): \(error.message.printable)"
                    + (error.isSurelyUnhandled ? "" : ". It may have been carried out, or may be later."))
            throw ClientExit.code(of: error)
        }
    }

    /// A number of shards that move.
    static func shards(_ count: Int) -> String { count == 1 ? "1 shard moves" : "\(count) shards move" }

    private static func json(_ name: String, _ result: Result<EntityClient.Reply, ClientError>) -> String {
        var line = JSONLine()
        line.add("event", "command")
        line.add("command", name)
        switch result {
        case .success(let reply):
            line.add("status", "passed")
            line.add("node", reply.node.address.description)
            line.add("moves", Int(reply.text) ?? 0)
        case .failure(let error):
            line.add("status", "failed")
            line.add("code", error.code.rawValue)
            line.add("reason", error.message)
            line.add("handled", error.isSurelyUnhandled ? "no" : "unknown")
        }
        return line.text
    }
}

/// A type of entities.
struct ShardTypeOption: ParsableArguments {
    @Option(help: ArgumentHelp("The type of entities.", valueName: "type"))
    var type = "account"
}

/// A shard of a type.
struct ShardArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The number of the shard.", valueName: "shard"))
    var shard: Int
    @OptionGroup var type: ShardTypeOption

    func validate() throws {
        guard (0..<16_384).contains(shard) else { throw ValidationError("A shard is 0…16383, not \(shard)") }
    }
}

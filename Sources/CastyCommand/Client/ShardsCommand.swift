import ArgumentParser
import CastyCore
import CastyObservability

/// `casty shards`: the homes of the shards in a running node's view.
struct ShardsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shards", abstract: "Print where the shards live, as a running node sees it.",
        discussion: """
            One shard a line: type, number, home, and the number of its entities where it lives on the asked node. A node learns of a home when it \
            first has a message for it. Exits with 69 if the node does not answer.

              casty shards 127.0.0.1:7001
              casty shards 127.0.0.1:7001 --type account --json | jq -r 'select(.home == null) | .shard'
            """)

    @OptionGroup var asked: AskedNode
    @Option(help: "Only the shards of this type.")
    var type: String?

    func run() throws {
        let snapshot = try asked.snapshot(for: "shards")
        let types = snapshot.sharding.filter { type == nil || $0.type == type }
        if let type, types.isEmpty {
            Output.error(
                "casty shards: \(asked.node) knows no type \(type); it knows \(snapshot.sharding.map(\.type).joined(separator: ", "))"
            )
            throw ExitCode(1)
        }
        for type in types {
            let homes = Dictionary(type.homes.map { ($0.shard, $0) }, uniquingKeysWith: { first, _ in first })
            let here = Dictionary(type.shards.map { ($0.shard, $0) }, uniquingKeysWith: { first, _ in first })
            let unplaced = Dictionary(
                type.unplaced.map { ($0.shard, $0.cause) }, uniquingKeysWith: { first, _ in first })
            for shard in 0..<type.shardCount {
                let row = Row(
                    type: type.type, shard: shard, home: homes[shard], here: here[shard], unplaced: unplaced[shard],
                    node: snapshot.node)
                Output.line(asked.options.json ? row.json : row.text)
            }
        }
    }

    /// One shard.
    private struct Row {
        let type: String
        let shard: Int
        let home: ShardHome?
        let here: ShardSnapshot?
        /// The reason why it has no home, if it needs one.
        let unplaced: Unavailability?
        let node: UniqueAddress

        private var address: String? { (home?.node ?? (here == nil ? nil : node))?.address.description }

        var json: String {
            var line = JSONLine()
            line.add("event", "shard")
            line.add("type", type)
            line.add("shard", shard)
            line.add("home", raw: address.map { JSONLine.quoted($0) } ?? "null")
            if address == nil { line.add("cause", unplaced?.description) }
            line.add("moving", raw: home?.moving == true ? "true" : "false")
            line.add("state", here?.state.rawValue)
            line.add("entities", here?.entityCount)
            line.add("handled", here?.handled)
            return line.text
        }

        var text: String {
            let number = String(repeating: " ", count: max(0, 5 - "\(shard)".count)) + "\(shard)"
            let details = [
                home?.moving == true ? "moving" : nil, here.map { "\($0.state), \($0.entityCount) entities here" },
            ]
            .compactMap { $0 }
            return "\(type) \(number)  \(address ?? unplaced.map { "no home: \($0)" } ?? "home not known here")"
                + (details.isEmpty ? "" : "  \(details.joined(separator: ", "))")
        }
    }
}

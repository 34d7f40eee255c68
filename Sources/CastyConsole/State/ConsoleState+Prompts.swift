import CastyObservability
import CastyScenario

/// Keys that ask for a few words first.
extension ConsoleState {
    mutating func prompt(_ wanted: Action.Prompting, _ feed: ConsoleFeed, _ reading: ClusterReading) {
        guard reading.rows.contains(where: { $0.state == .running }) else {
            return say(.refused, "no node is running: press \(keys.name(of: .node(.add))) first")
        }
        let known = someEntity(feed, reading) ?? "account-1"
        switch wanted {
        case .spawnOne:
            dialogs.modal = .prompt(
                PromptState(
                    title: "Spawn an entity", hint: "TYPE-NAME; account and counter are built in", before: "spawn ",
                    field: TextField("account-\(entities(feed) + 1)")))
        case .spawnMany:
            dialogs.modal = .prompt(
                PromptState(
                    title: "Spawn entities", hint: "FIRST..LAST, as account-1..account-100", before: "spawn ",
                    field: TextField("account-1..account-100")))
        case .send:
            dialogs.modal = .prompt(
                PromptState(
                    title: "Send an envelope", hint: "ENTITY MESSAGE, as account-7 deposit 10", before: "tell ",
                    field: TextField(
                        panes.focus == .shards
                            ? message(to: known) : dialogs.lastTell ?? message(to: known))))
        case .load:
            dialogs.modal = .prompt(
                PromptState(
                    title: "Start a load",
                    hint: feed.snapshot.loads.isEmpty
                        ? "RATE over COUNT entities for TIME"
                        : "stop ends \(Words.count(feed.snapshot.loads.count, "running load")); or RATE over …",
                    before: "load ",
                    field: TextField(dialogs.lastLoad ?? "200/s over 50 entities for 30s")))
        case .whatIf:
            let node = cursorRow(reading)?.name ?? "n1"
            dialogs.modal = .prompt(
                PromptState(
                    title: "What if", hint: "COMMAND, or COMMAND vs COMMAND; for TIME, 20s by default",
                    before: "what-if ", field: TextField("kill \(node)")))
        case .moveShard:
            let types = ShardReading.types(in: feed.snapshot)
            guard !types.isEmpty else { return say(.refused, "move: there are no shards yet") }
            let others = reading.rows.filter { $0.state == .running }.map(\.name)
            dialogs.modal = .prompt(
                PromptState(
                    title: "Move shard \(selection.shard)", hint: "to a node: \(Words.list(others, most: 8))",
                    before: "move shard \(selection.shard) to ", field: TextField()))
        }
    }

    /// A message that an entity of the built-in types understands.
    private func message(to entity: String) -> String {
        "\(entity) \(entity.hasPrefix("counter") ? "add 1" : "deposit 10")"
    }

    private func entities(_ feed: ConsoleFeed) -> Int {
        feed.snapshot.nodes.reduce(0) { total, node in
            total + node.sharding.filter { $0.type == "account" }.flatMap(\.shards).reduce(0) { $0 + $1.entityCount }
        }
    }

    /// An entity of the shard under the cursor, or any other.
    private func someEntity(_ feed: ConsoleFeed, _ reading: ClusterReading) -> String? {
        let types = ShardReading.types(in: feed.snapshot)
        guard !types.isEmpty else { return nil }
        let shards = ShardReading(type: types[selection.shardType % types.count], feed, reading)
        if panes.focus == .shards, shards.cells.indices.contains(selection.shard),
            let first = shards.cells[selection.shard].listed.first
        {
            return first.id
        }
        return shards.cells.lazy.compactMap(\.listed.first).first?.id
    }
}

extension Dialogs {
    /// Keeps what a later prompt of the same kind begins with.
    mutating func keep(_ command: ImmediateCommand) {
        let line = "\(command)"
        switch command {
        case .tell: lastTell = String(line.dropFirst("tell ".count))
        case .load: lastLoad = String(line.dropFirst("load ".count))
        case .set, .start, .kill, .freeze, .thaw, .restart, .leave, .down, .spawn, .stopLoad, .passivate, .cut, .heal,
            .link, .fault, .move, .pin, .drain, .undrain, .rebalance, .note:
            break
        }
    }
}

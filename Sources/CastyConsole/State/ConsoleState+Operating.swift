import CastyObservability
import CastyScenario

/// Commands to a cluster of other processes.
extension ConsoleState {
    /// The intents, with the commands as the cluster of other processes takes them; says why where it takes one not.
    mutating func forCluster(_ intents: [Intent], _ feed: ConsoleFeed) -> [Intent] {
        guard mode == .operating else { return intents }
        var result: [Intent] = []
        for intent in intents {
            guard case .submit(.command(let command)) = intent else {
                result.append(intent)
                continue
            }
            switch remote(command, feed) {
            case .success(let remote): result.append(.operate(remote))
            case .failure(let refusal): say(.refused, "\(command.verb.rawValue): \(refusal.reason)")
            }
        }
        return result
    }

    private struct Refusal: Error {
        let reason: String
    }

    private func remote(_ command: Command, _ feed: ConsoleFeed) -> Result<RemoteCommand, Refusal> {
        switch command {
        case .immediate(let command): remote(command, feed)
        case .ask(let ask):
            ask.via != nil || ask.reply != nil
                ? .failure(Refusal(reason: "via and -> are for the console's own clusters"))
                : .success(
                    .ask(ask.entity.id, text: ask.message, within: ask.within ?? Ask.defaultTimeout))
        case .header, .expect, .wait, .at: .failure(Refusal(reason: "for the console's own clusters only"))
        }
    }

    private func remote(_ command: ImmediateCommand, _ feed: ConsoleFeed) -> Result<RemoteCommand, Refusal> {
        func names(_ nodes: [NodeName]) -> [String] { nodes.map(shownName) }
        func onShard(_ make: (String) -> RemoteCommand) -> Result<RemoteCommand, Refusal> {
            guard let type = shownType(feed) else { return .failure(Refusal(reason: "there are no shards yet")) }
            return .success(make(type))
        }
        switch command {
        case .leave(let nodes): return .success(.leave(names(nodes)))
        case .down(let nodes, by: _): return .success(.down(names(nodes)))
        case .drain(let nodes): return .success(.drain(names(nodes)))
        case .undrain(let nodes): return .success(.undrain(names(nodes)))
        case .move(let shard, let node): return onShard { .move(type: $0, shard: shard, to: shownName(node)) }
        case .pin(let shard, let node): return onShard { .pin(type: $0, shard: shard, to: shownName(node)) }
        case .rebalance(let mode):
            let types = ShardReading.types(in: feed.snapshot)
            return types.isEmpty
                ? .failure(Refusal(reason: "there are no shards yet")) : .success(.rebalance(types: types, mode))
        case .tell(let tell):
            guard tell.via == nil else { return .failure(Refusal(reason: "via is for the console's own clusters")) }
            guard tell.entities.count <= RemoteCommand.mostEntities else {
                return .failure(
                    Refusal(reason: "to at most \(RemoteCommand.mostEntities) entities at once; casty load sends more"))
            }
            return .success(.tell(tell.entities.names.map(\.id), text: tell.message))
        case .set, .start, .kill, .freeze, .thaw, .restart, .spawn, .load, .stopLoad, .passivate, .cut, .heal, .link,
            .fault, .note:
            return .failure(Refusal(reason: "for the console's own clusters only"))
        }
    }

    /// The type of the shards that the pane Shards shows; `nil` while there are none.
    private func shownType(_ feed: ConsoleFeed) -> String? {
        let types = ShardReading.types(in: feed.snapshot)
        return types.isEmpty ? nil : types[selection.shardType % types.count]
    }
}

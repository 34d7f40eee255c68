extension Command: CustomStringConvertible {
    /// The command in its canonical form, which ``parse(_:names:)`` can read.
    package var description: String {
        switch self {
        case .seed(let number): "seed \(number)"
        case .set(let setting): "set \(setting)"
        case .seeds(let nodes): "seeds \(nodes.list)"
        case .roles(let nodes, let roles): "roles \(nodes.list) \(roles.joined(separator: ","))"
        case .nodes(let count): "nodes \(count)"
        case .shards(let count): "shards \(count)"
        case .start(let nodes, let roles):
            "start \(nodes.list)" + (roles.isEmpty ? "" : " roles \(roles.joined(separator: ","))")
        case .spawn(let entities): "spawn \(entities)"
        case .tell(let tell): "tell \(tell)"
        case .ask(let ask): "ask \(ask)"
        case .load(let load): "load \(load)"
        case .kill(let nodes): "kill \(nodes.list)"
        case .freeze(let nodes): "freeze \(nodes.list)"
        case .thaw(let nodes): "thaw \(nodes.list)"
        case .restart(let nodes): "restart \(nodes.list)"
        case .leave(let nodes): "leave \(nodes.list)"
        case .down(let nodes, let by): "down \(nodes.list)" + clause("by", by)
        case .cut(let cut): "cut \(cut)"
        case .heal(.all): "heal"
        case .heal(.pair(let first, let second)): "heal \(first) \(second)"
        case .link(let change): "link \(change)"
        case .fault(let fault): "fault \(fault)"
        case .move(let shard, let node): "move shard \(shard) to \(node)"
        case .pin(let shard, let node): "pin shard \(shard) to \(node)"
        case .drain(let nodes): "drain \(nodes.list)"
        case .undrain(let nodes): "undrain \(nodes.list)"
        case .rebalance(.now): "rebalance"
        case .rebalance(let order): "rebalance \(order.rawValue)"
        case .passivate(let entities): "passivate \(entities)"
        case .wait(let duration): "wait \(duration.scenarioText)"
        case .note(let text): "note \(Quoting.quoted(text))"
        case .at(let moment, let command): "at \(moment) \(command)"
        case .expect(let expect): "expect \(expect)"
        }
    }

    /// The first word of the command.
    package var verb: Verb {
        switch self {
        case .seed: .seed
        case .set: .set
        case .seeds: .seeds
        case .roles: .roles
        case .nodes: .nodes
        case .shards: .shards
        case .start: .start
        case .spawn: .spawn
        case .tell: .tell
        case .ask: .ask
        case .load: .load
        case .kill: .kill
        case .freeze: .freeze
        case .thaw: .thaw
        case .restart: .restart
        case .leave: .leave
        case .down: .down
        case .cut: .cut
        case .heal: .heal
        case .link: .link
        case .fault: .fault
        case .move: .move
        case .pin: .pin
        case .drain: .drain
        case .undrain: .undrain
        case .rebalance: .rebalance
        case .passivate: .passivate
        case .wait: .wait
        case .note: .note
        case .at: .at
        case .expect: .expect
        }
    }
}

extension Scenario: CustomStringConvertible {
    /// The scenario in its canonical form, one command per line.
    package var description: String {
        let lines = (title.map { ["# \($0)"] } ?? []) + statements.map(\.command.description)
        return lines.map { $0 + "\n" }.joined()
    }
}

extension [NodeName] {
    /// The names with commas between them, as the parser reads them.
    package var list: String { map(\.description).joined(separator: ",") }
}

/// ` word value`, or an empty text.
func clause(_ word: String, _ value: (some CustomStringConvertible)?) -> String {
    value.map { " \(word) \($0)" } ?? ""
}

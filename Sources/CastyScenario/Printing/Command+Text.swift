extension Command: CustomStringConvertible {
    /// The command in its canonical form, which ``parse(_:names:)`` can read.
    package var description: String {
        switch self {
        case .header(let command): command.description
        case .immediate(let command): command.description
        case .ask(let ask): "ask \(ask)"
        case .expect(let expect): "expect \(expect)"
        case .wait(let duration): "wait \(duration.scenarioText)"
        case .at(let moment, let command): "at \(moment) \(command)"
        }
    }

    /// The first word of the command.
    package var verb: Verb {
        switch self {
        case .header(let command): command.verb
        case .immediate(let command): command.verb
        case .ask: .ask
        case .expect: .expect
        case .wait: .wait
        case .at: .at
        }
    }
}

extension HeaderCommand: CustomStringConvertible {
    package var description: String {
        switch self {
        case .seed(let number): "seed \(number)"
        case .seeds(let nodes): "seeds \(nodes.list)"
        case .roles(let nodes, let roles): "roles \(nodes.list) \(roles.joined(separator: ","))"
        case .nodes(let count): "nodes \(count)"
        case .shards(let count): "shards \(count)"
        }
    }

    /// The first word of the command.
    package var verb: Verb {
        switch self {
        case .seed: .seed
        case .seeds: .seeds
        case .roles: .roles
        case .nodes: .nodes
        case .shards: .shards
        }
    }
}

extension ImmediateCommand: CustomStringConvertible {
    package var description: String {
        switch self {
        case .set(let setting): "set \(setting)"
        case .start(let nodes, let roles):
            "start \(nodes.list)" + (roles.isEmpty ? "" : " roles \(roles.joined(separator: ","))")
        case .kill(let nodes): "kill \(nodes.list)"
        case .freeze(let nodes): "freeze \(nodes.list)"
        case .thaw(let nodes): "thaw \(nodes.list)"
        case .restart(let nodes): "restart \(nodes.list)"
        case .leave(let nodes): "leave \(nodes.list)"
        case .down(let nodes, let by): "down \(nodes.list)" + clause("by", by)
        case .spawn(let entities): "spawn \(entities)"
        case .tell(let tell): "tell \(tell)"
        case .load(let load): "load \(load)"
        case .stopLoad(let number): "load stop" + (number.map { " \($0)" } ?? "")
        case .passivate(let entities): "passivate \(entities)"
        case .cut(let cut): "cut \(cut)"
        case .heal(.all): "heal"
        case .heal(.pair(let first, let second)): "heal \(first) \(second)"
        case .heal(.oneWay(let from, let to)): "heal \(from) -> \(to)"
        case .link(let change): "link \(change)"
        case .fault(let fault): "fault \(fault)"
        case .move(let shard, let node): "move shard \(shard) to \(node)"
        case .pin(let shard, let node): "pin shard \(shard) to \(node)"
        case .drain(let nodes): "drain \(nodes.list)"
        case .undrain(let nodes): "undrain \(nodes.list)"
        case .rebalance(.now): "rebalance"
        case .rebalance(let order): "rebalance \(order.rawValue)"
        case .note(let text): "note \(Quoting.quoted(text))"
        }
    }

    /// The first word of the command.
    package var verb: Verb {
        switch self {
        case .set: .set
        case .start: .start
        case .kill: .kill
        case .freeze: .freeze
        case .thaw: .thaw
        case .restart: .restart
        case .leave: .leave
        case .down: .down
        case .spawn: .spawn
        case .tell: .tell
        case .load, .stopLoad: .load
        case .passivate: .passivate
        case .cut: .cut
        case .heal: .heal
        case .link: .link
        case .fault: .fault
        case .move: .move
        case .pin: .pin
        case .drain: .drain
        case .undrain: .undrain
        case .rebalance: .rebalance
        case .note: .note
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

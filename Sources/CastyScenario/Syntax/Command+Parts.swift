extension Command {
    /// The command itself, or the one that `at` schedules.
    package var acting: Command {
        if case .at(_, let command) = self { command } else { self }
    }

    /// All nodes that the command names, without repetition, in ascending order.
    package var nodesNamed: [NodeName] {
        var seen: [NodeName] = []
        for node in nodesWritten where !seen.contains(node) { seen.append(node) }
        return seen.sorted()
    }

    private var nodesWritten: [NodeName] {
        switch self {
        case .header(.seeds(let nodes)), .header(.roles(let nodes, _)): nodes
        case .header(.seed), .header(.nodes), .header(.shards), .wait: []
        case .immediate(let command): command.nodesWritten
        case .ask(let ask): ask.via.map { [$0] } ?? []
        case .expect(let expect): expect.nodesWritten
        case .at(_, let command): command.nodesWritten
        }
    }

    /// The shard the command names.
    package var shardNamed: Int? {
        switch self {
        case .immediate(let command): command.shardNamed
        case .expect(let expect): if case .shard(let shard, _) = expect.expectation { shard } else { nil }
        case .at(_, let command): command.shardNamed
        case .header, .ask, .wait: nil
        }
    }
}

extension ImmediateCommand {
    fileprivate var nodesWritten: [NodeName] {
        switch self {
        case .start(let nodes, _), .kill(let nodes), .freeze(let nodes), .thaw(let nodes), .restart(let nodes),
            .leave(let nodes), .drain(let nodes), .undrain(let nodes):
            nodes
        case .down(let nodes, let by): nodes + (by.map { [$0] } ?? [])
        case .tell(let tell): tell.via.map { [$0] } ?? []
        case .cut(.split(let groups)): Array(groups.joined())
        case .cut(.oneWay(let from, let to)): from + to
        case .heal(.all): []
        case .heal(.pair(let first, let second)), .heal(.oneWay(let first, let second)): [first, second]
        case .link(let change):
            switch change.ends {
            case .all: []
            case .pair(let first, let second), .oneWay(let first, let second): first + second
            }
        case .fault(let fault): fault.nodes
        case .move(_, let node), .pin(_, let node): [node]
        case .set, .spawn, .load, .stopLoad, .passivate, .rebalance, .note: []
        }
    }

    fileprivate var shardNamed: Int? {
        if case .move(let shard, _) = self { return shard }
        if case .pin(let shard, _) = self { return shard }
        return nil
    }
}

extension Expect {
    fileprivate var nodesWritten: [NodeName] {
        let viewers: [NodeName] =
            switch scope {
            case .all: []
            case .nodes(let nodes): nodes
            }
        return viewers + expectation.nodesWritten
    }
}

extension Expectation {
    fileprivate var nodesWritten: [NodeName] {
        switch self {
        case .members(let nodes), .nodes(let nodes, _), .stopped(let nodes): nodes
        case .leader(let node), .coordinator(let node), .shard(_, let node), .entity(_, let node): [node]
        case .converged, .balanced, .lost, .no, .singleActivation: []
        }
    }
}

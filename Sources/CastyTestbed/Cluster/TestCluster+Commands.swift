import CastyActors
import CastyObservability
import CastyPlacement
package import CastyScenario
import CastySharding

extension TestCluster {
    /// Carries out a command that takes no time. Scenario lines and typed commands use the same code.
    ///
    /// - Throws: ``TestClusterError`` if the command takes time, or cannot be carried out.
    package func perform(_ command: Command, line: Int? = nil) throws {
        switch command {
        case .immediate(let command): try perform(command, line: line)
        case .header:
            throw TestClusterError("\(command.verb.rawValue) describes the world: it stands before all else")
        case .ask, .expect, .wait, .at:
            throw TestClusterError("\(command.verb.rawValue) takes time: only a script can wait for it")
        }
    }

    /// Carries out a command that takes no time.
    ///
    /// - Throws: ``TestClusterError`` if the command cannot be carried out.
    package func perform(_ command: ImmediateCommand, line: Int? = nil) throws {
        switch command {
        case .set(let setting): try set(setting)
        case .start(let names, let roles): try start(names.map(\.number), roles: roles)
        case .spawn(let entities): for entity in entities.names { try tell(entity.id, "start") }
        case .tell(let tell):
            for entity in tell.entities.names { try self.tell(entity.id, tell.message, via: tell.via?.number) }
        case .load(let load):
            try self.load(perSecond: load.rate.perSecond.value, entities: load.entities, for: load.duration)
        case .stopLoad(let number): try stopLoad(number)
        case .kill(let names): for name in names { try kill(name.number) }
        case .freeze(let names): for name in names { try freeze(name.number) }
        case .thaw(let names): for name in names { try thaw(name.number) }
        case .restart(let names): for name in names { try restart(name.number) }
        case .leave(let names): for name in names { try leave(name.number) }
        case .down(let names, let decider):
            for name in names { try down(name.number, by: decider?.number, line: line) }
        case .cut(.split(let groups)): try cut(groups.map { $0.map(\.number) })
        case .cut(.oneWay(let sources, let targets)):
            for source in sources { for target in targets { try cut(from: source.number, to: target.number) } }
        case .heal(.all): try heal()
        case .heal(.pair(let first, let second)): try heal((first.number, second.number))
        case .heal(.oneWay(let from, let to)): heal(from: from.number, to: to.number)
        case .link(let change): try link(change)
        case .fault(let fault): try inject(fault)
        case .move(let shard, let name):
            try checkShard(shard)
            try operate(.move(shard: shard, to: address(of: name.number)), line: line)
        case .pin(let shard, let name):
            try checkShard(shard)
            try operate(.pin(shard: shard, to: address(of: name.number)), line: line)
        case .drain(let names):
            for name in names {
                _ = try node(name.number)
                try operate(.drain(address(of: name.number)), line: line)
            }
        case .undrain(let names):
            for name in names {
                _ = try node(name.number)
                try operate(.undrain(address(of: name.number)), line: line)
            }
        case .rebalance(.now): try operate(.rebalance, line: line)
        case .rebalance(.pause): try operate(.pause, line: line)
        case .rebalance(.resume): try operate(.resume, line: line)
        case .passivate(let entities): for entity in entities.names { try passivate(entity.id) }
        case .note(let text): inspector.emit(.note, detail: .text(text), line: line)
        }
    }

    private func set(_ setting: Setting) throws {
        guard !setting.belongsToHeader || nodes.isEmpty else {
            throw TestClusterError("\(setting) describes the world: it stands before the nodes start")
        }
        settings.apply(setting)
        guard case .passivation = setting else { return }
        for node in running {
            for region in SampleEntity.allCases.compactMap({ node.regions[$0] }) {
                region.passivate(by: settings.placement.passivation)
            }
        }
    }

    private func link(_ change: LinkChange) throws {
        let directions: [Direction]? =
            switch change.ends {
            case .all: nil
            case .pair(let first, let second):
                first.flatMap { one in
                    second.flatMap { other in
                        [
                            Direction(from: one.number, to: other.number),
                            Direction(from: other.number, to: one.number),
                        ]
                    }
                }
            case .oneWay(let from, let to):
                from.flatMap { one in to.map { Direction(from: one.number, to: $0.number) } }
            }
        if change.isReset { return try unshape(directions) }
        try shape(
            directions, LinkShape(latency: change.latency, jitter: change.jitter, loss: change.loss.map(\.fraction)))
    }

    private func checkShard(_ shard: Int) throws {
        guard (0..<settings.shards).contains(shard) else {
            throw TestClusterError("there is no shard \(shard): they are 0 to \(settings.shards - 1)")
        }
    }

    /// Gives a command to all coordinators and emits an event with each result.
    private func operate(_ command: OperatorCommand, line: Int?) throws {
        try operate(command, line: line) { [inspector] sample, answer in
            switch answer {
            case .accepted(let moves):
                inspector.emit(
                    .note,
                    detail: .text(
                        "\(sample.rawValue): \(command.word), \(moves == 1 ? "1 shard moves" : "\(moves) shards move")"),
                    line: line)
            case .refused(let refusal):
                inspector.emit(
                    .note, reason: .text(refusal.word), detail: .text("\(sample.rawValue): \(command.word) refused"),
                    line: line)
            }
        }
    }
}

extension OperatorCommand {
    /// The command in scenario syntax.
    package var word: String {
        switch self {
        case .move(let shard, let node): "move shard \(shard) to \(TestCluster.name(of: node))"
        case .pin(let shard, let node): "pin shard \(shard) to \(TestCluster.name(of: node))"
        case .unpin(let shard): "unpin shard \(shard)"
        case .drain(let node): "drain \(TestCluster.name(of: node))"
        case .undrain(let node): "undrain \(TestCluster.name(of: node))"
        case .rebalance: "rebalance"
        case .pause: "rebalance pause"
        case .resume: "rebalance resume"
        }
    }
}

extension CommandRefusal {
    /// The reason in words.
    package var word: String {
        switch self {
        case .noCoordinator: "no coordinator is active"
        case .noSuchShard: "there is no such shard"
        case .noSuchNode: "no region is registered there"
        case .nodeTakesNoShards: "the node takes no shards"
        case .shardIsMoving: "the shard is moving already"
        case .tooManyIntents: "there are too many pins and drains already"
        case .noAnswer: "no coordinator has answered"
        }
    }
}

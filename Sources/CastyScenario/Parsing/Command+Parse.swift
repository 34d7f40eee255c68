extension Command {
    /// Parses one line.
    ///
    /// - Parameters:
    ///   - line: The line; it may end with a comment. An empty line is an error here.
    ///   - names: Aliases for nodes, such as the console's `cursor` and `marked`.
    package static func parse(_ line: String, names: [String: [NodeName]] = [:]) throws(ScenarioProblem) -> Command {
        var cursor = try Cursor(line, names: names)
        return try parse(&cursor)
    }

    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> Command {
        let command = try parse(cursor.choice(of: Verb.self), &cursor)
        try cursor.end()
        return command
    }

    private static func parse(_ verb: Verb, _ cursor: inout Cursor) throws(ScenarioProblem) -> Command {
        switch verb {
        case .seed: .header(.seed(try seed(&cursor)))
        case .set: .immediate(.set(try Setting.parse(&cursor)))
        case .seeds: .header(.seeds(try cursor.nodes()))
        case .roles: .header(.roles(try cursor.nodes(), try cursor.roles()))
        case .nodes: .header(.nodes(try cursor.number("a number of nodes", in: 1...Scenario.mostNodes)))
        case .shards: .header(.shards(try cursor.number("a number of shards", in: Scenario.shardCounts)))
        case .start: .immediate(.start(try cursor.nodes(), roles: cursor.accept("roles") ? try cursor.roles() : []))
        case .spawn: .immediate(.spawn(try cursor.entities()))
        case .tell: .immediate(.tell(try tell(&cursor)))
        case .ask: .ask(try ask(&cursor))
        case .load: .immediate(try load(&cursor))
        case .kill: .immediate(.kill(try cursor.nodes()))
        case .freeze: .immediate(.freeze(try cursor.nodes()))
        case .thaw: .immediate(.thaw(try cursor.nodes()))
        case .restart: .immediate(.restart(try cursor.nodes()))
        case .leave: .immediate(.leave(try cursor.nodes()))
        case .down: .immediate(.down(try cursor.nodes(), by: cursor.accept("by") ? try cursor.node() : nil))
        case .cut: .immediate(.cut(try Cut.parse(&cursor)))
        case .heal: .immediate(.heal(try heal(&cursor)))
        case .link: .immediate(.link(try LinkChange.parse(&cursor)))
        case .fault: .immediate(.fault(try Fault.parse(&cursor)))
        case .move: .immediate(.move(shard: try placedShard(&cursor), to: try cursor.node()))
        case .pin: .immediate(.pin(shard: try placedShard(&cursor), to: try cursor.node()))
        case .drain: .immediate(.drain(try cursor.nodes()))
        case .undrain: .immediate(.undrain(try cursor.nodes()))
        case .rebalance: .immediate(.rebalance(rebalance(&cursor)))
        case .passivate: .immediate(.passivate(try cursor.entities()))
        case .wait: .wait(try cursor.duration())
        case .note: .immediate(.note(try note(&cursor)))
        case .at: try scheduled(&cursor)
        case .expect: .expect(try Expect.parse(&cursor))
        }
    }

    private static func seed(_ cursor: inout Cursor) throws(ScenarioProblem) -> UInt64 {
        cursor.want(.value("a number, decimal or 0x hexadecimal, of at most 64 bits"))
        guard let text = cursor.bare, text.utf8.first?.isLetterOrDigit == true else { throw cursor.misfit() }
        let number = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
        guard let number else { throw cursor.misfit() }
        cursor.advance()
        return number
    }

    private static func tell(_ cursor: inout Cursor) throws(ScenarioProblem) -> Tell {
        let entities = try cursor.entities()
        let message = try cursor.message(type: entities.type)
        return Tell(entities, message, via: cursor.accept("via") ? try cursor.node() : nil)
    }

    private static func ask(_ cursor: inout Cursor) throws(ScenarioProblem) -> Ask {
        let entity = try cursor.entity()
        var ask = Ask(entity, try cursor.message(type: entity.type))
        while true {
            if ask.via == nil, cursor.accept("via") {
                ask.via = try cursor.node()
            } else if ask.reply == nil, cursor.accept("->") {
                cursor.want(.value("the reply"))
                ask.reply = try cursor.message(type: "")
            } else if ask.within == nil, cursor.accept("within") {
                ask.within = try cursor.duration()
            } else {
                return ask
            }
        }
    }

    private static func load(_ cursor: inout Cursor) throws(ScenarioProblem) -> ImmediateCommand {
        if cursor.accept("stop") {
            cursor.want(.value("the number of a load"))
            return .stopLoad(cursor.token == nil ? nil : try cursor.number("the number of a load", in: 1...1_000_000))
        }
        let rate = try cursor.decimal("a rate such as 200/s", suffix: "/s", in: Rate.limits)
        try cursor.require("over")
        let entities = try cursor.number("a number of entities", in: 1...EntityPattern.mostEntities)
        if !cursor.accept("entities") { try cursor.require("entity") }
        try cursor.require("for")
        let duration = try cursor.duration(from: .milliseconds(1))
        return .load(Load(rate: Rate(perSecond: rate), entities: entities, duration: duration))
    }

    private static func heal(_ cursor: inout Cursor) throws(ScenarioProblem) -> Heal {
        guard cursor.token != nil else {
            cursor.want(.node)
            return .all
        }
        let (first, second, oneWay) = try cursor.link()
        return oneWay ? .oneWay(from: first, to: second) : .pair(first, second)
    }

    private static func placedShard(_ cursor: inout Cursor) throws(ScenarioProblem) -> Int {
        try cursor.require("shard")
        let shard = try cursor.shard()
        try cursor.require("to")
        return shard
    }

    private static func rebalance(_ cursor: inout Cursor) -> Rebalance {
        if cursor.accept("pause") { return .pause }
        return cursor.accept("resume") ? .resume : .now
    }

    private static func note(_ cursor: inout Cursor) throws(ScenarioProblem) -> String {
        let text = try cursor.text(.value("a text in quotes"))
        guard cursor.token != nil else { return text }
        throw cursor.problem(.superfluous, "the note goes on after its text", expected: "the whole text in quotes")
    }

    private static func scheduled(_ cursor: inout Cursor) throws(ScenarioProblem) -> Command {
        let moment = try Moment.parse(&cursor)
        let start = cursor
        let command = try parse(&cursor)
        if case .at = command { throw start.problem(.misplaced, "a scheduled command cannot be scheduled again") }
        if case .wait = command {
            throw start.problem(.misplaced, "a scheduled wait would hold up nothing", expected: "any other command")
        }
        guard !command.belongsToHeader else {
            throw start.problem(
                .misplaced, "what describes the world cannot come later", expected: "a command that acts in it")
        }
        return .at(moment, command)
    }
}

extension EntityPattern {
    /// The name of the entities' type.
    package var type: String {
        switch self {
        case .single(let name): name.type
        case .range(let range): EntityName.type(of: range.prefix)
        }
    }
}

extension Cursor {
    /// Parses the ends of a link, two different nodes, and whether only the direction from the first to the second is
    /// meant.
    mutating func link() throws(ScenarioProblem) -> (NodeName, NodeName, oneWay: Bool) {
        split(at: ["->"])
        let first = try node()
        let oneWay = accept("->")
        let second = try node()
        guard first != second else { throw loop(first) }
        return (first, second, oneWay)
    }

    /// The problem of a link whose ends are one node.
    func loop(_ node: NodeName) -> ScenarioProblem {
        problem(.badValue, "\(node) has no link to itself", expected: "two different nodes", back: 1)
    }
}

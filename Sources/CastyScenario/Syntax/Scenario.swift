/// A scenario: what a file says, in order.
package struct Scenario: Hashable, Sendable {
    /// The number of nodes where neither the file nor the caller says one.
    package static let defaultNodes = 3
    /// The number of shards where neither the file nor the caller says one.
    package static let defaultShards = 24
    /// The most nodes that `nodes` starts.
    package static let mostNodes = 200
    /// The numbers of shards an entity type may have.
    package static let shardCounts = 1...16384

    /// The name of the file, for messages.
    package var file: String
    /// The comment in the first line, which says what the scenario shows.
    package var title: String?
    /// All commands, those of the header included.
    package var statements: [Statement]

    package init(file: String, title: String? = nil, statements: [Statement]) {
        self.file = file
        self.title = title
        self.statements = statements
    }

    /// What the run is made of, before anything happens.
    package var header: ScenarioHeader {
        var header = ScenarioHeader()
        for statement in statements { header.take(statement.command) }
        return header
    }

    /// How many nodes it starts in all, at once and later; a restarted node counts once.
    package var nodesStarted: Int {
        let atOnce = header.nodes ?? Self.defaultNodes
        var later: [NodeName] = []
        for statement in statements {
            guard case .start(let names, _) = statement.command.acting else { continue }
            for name in names where name.number > atOnce && !later.contains(name) { later.append(name) }
        }
        return atOnce + later.count
    }

    /// The commands to carry out in order, once the world stands: all but those of the header.
    package var body: [Statement] { statements.filter { !$0.command.belongsToHeader } }
}

/// A command and where it stands.
package struct Statement: Hashable, Sendable {
    /// The number of the line, from 1.
    package var line: Int
    package var command: Command

    package init(line: Int, command: Command) {
        self.line = line
        self.command = command
    }
}

/// What a scenario says about the world it needs; `nil` is left to whoever runs it.
package struct ScenarioHeader: Hashable, Sendable {
    package var seed: UInt64?
    package var preset: Preset?
    /// The settings other than the preset, in the order written.
    package var settings: [Setting] = []
    package var nodes: Int?
    package var shards: Int?
    /// The seed list of every node; empty where the file does not name one.
    package var seeds: [NodeName] = []
    /// The roles that nodes have from their start on.
    package var roles: [NodeName: [String]] = [:]

    package init() {}

    mutating func take(_ command: Command) {
        guard command.belongsToHeader else { return }
        if case .seed(let number) = command { seed = number }
        if case .nodes(let count) = command { nodes = count }
        if case .shards(let count) = command { shards = count }
        if case .seeds(let names) = command { seeds = names }
        if case .roles(let names, let words) = command { for name in names { roles[name] = words } }
        if case .set(let setting) = command {
            if case .preset(let name) = setting { preset = name } else { settings.append(setting) }
        }
    }
}

extension Command {
    /// Whether it describes the world and must stand before the first command that acts in it.
    package var belongsToHeader: Bool {
        switch self {
        case .seed, .seeds, .roles, .nodes, .shards: true
        case .set(let setting): setting.belongsToHeader
        case .start, .spawn, .tell, .ask, .load, .kill, .freeze, .thaw, .restart, .leave, .down, .cut, .heal, .link,
            .fault, .move, .pin, .drain, .undrain, .rebalance, .passivate, .wait, .note, .at, .expect:
            false
        }
    }
}

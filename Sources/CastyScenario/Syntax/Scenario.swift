/// A scenario: the contents of a file, in order.
package struct Scenario: Hashable, Sendable {
    /// The number of nodes if neither the file nor the caller gives one.
    package static let defaultNodes = 3
    /// The number of shards if neither the file nor the caller gives one.
    package static let defaultShards = 24
    /// The most nodes that `nodes` can start.
    package static let mostNodes = 200
    /// The allowed numbers of shards of an entity type.
    package static let shardCounts = 1...16384

    /// The name of the file, for messages.
    package var file: String
    /// The comment in the first line, which describes the scenario.
    package var title: String?
    /// All commands, including those of the header.
    package var statements: [Statement]

    package init(file: String, title: String? = nil, statements: [Statement]) {
        self.file = file
        self.title = title
        self.statements = statements
    }

    /// The description of the cluster, before the run starts.
    package var header: ScenarioHeader {
        var header = ScenarioHeader()
        for statement in statements { header.take(statement.command) }
        return header
    }

    /// The number of nodes that it starts, at once or later; a restarted node counts once.
    package var nodesStarted: Int {
        let atOnce = header.nodes ?? Self.defaultNodes
        var later: [NodeName] = []
        for statement in statements {
            guard case .immediate(.start(let names, _)) = statement.command.acting else { continue }
            for name in names where name.number > atOnce && !later.contains(name) { later.append(name) }
        }
        return atOnce + later.count
    }

    /// The commands to carry out in order once the cluster is set up: all except those of the header.
    package var body: [Statement] { statements.filter { !$0.command.belongsToHeader } }
}

/// A command and its line.
package struct Statement: Hashable, Sendable {
    /// The number of the line, from 1.
    package var line: Int
    package var command: Command

    package init(line: Int, command: Command) {
        self.line = line
        self.command = command
    }
}

/// A scenario's requirements for its cluster; `nil` leaves the value to the caller.
package struct ScenarioHeader: Hashable, Sendable {
    package var seed: UInt64?
    package var preset: Preset?
    /// The settings other than the preset, in the order written.
    package var settings: [Setting] = []
    package var nodes: Int?
    package var shards: Int?
    /// The seed list of every node; empty if the file does not name one.
    package var seeds: [NodeName] = []
    /// The roles of nodes from their start.
    package var roles: [NodeName: [String]] = [:]

    package init() {}

    mutating func take(_ command: Command) {
        guard command.belongsToHeader else { return }
        switch command {
        case .header(.seed(let number)): seed = number
        case .header(.nodes(let count)): nodes = count
        case .header(.shards(let count)): shards = count
        case .header(.seeds(let names)): seeds = names
        case .header(.roles(let names, let words)): for name in names { roles[name] = words }
        case .immediate(.set(.preset(let name))): preset = name
        case .immediate(.set(let setting)): settings.append(setting)
        case .immediate, .ask, .expect, .wait, .at: break
        }
    }
}

extension Command {
    /// Whether it describes the cluster and must precede the first command that acts in it.
    package var belongsToHeader: Bool {
        switch self {
        case .header: true
        case .immediate(.set(let setting)): setting.belongsToHeader
        case .immediate, .ask, .expect, .wait, .at: false
        }
    }
}

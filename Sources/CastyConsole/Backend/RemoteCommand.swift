package import CastyScenario

/// A command to a cluster of other processes: nodes have the names that the screen shows, and shards a type.
package enum RemoteCommand: Hashable, Sendable {
    case leave([String])
    case down([String])
    case drain([String])
    case undrain([String])
    case move(type: String, shard: Int, to: String)
    case pin(type: String, shard: Int, to: String)
    case rebalance(types: [String], Rebalance)
    case tell([String], text: String)
    case ask(String, text: String, within: Duration)

    /// The first word of the command.
    package var verb: Verb {
        switch self {
        case .leave: .leave
        case .down: .down
        case .drain: .drain
        case .undrain: .undrain
        case .move: .move
        case .pin: .pin
        case .rebalance: .rebalance
        case .tell: .tell
        case .ask: .ask
        }
    }

    /// The verbs that there are.
    static let verbs: Set<Verb> = [.leave, .down, .drain, .undrain, .move, .pin, .rebalance, .tell, .ask]
    /// The most entities that one line may send to.
    static let mostEntities = 1000
}

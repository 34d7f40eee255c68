public import CastyCore

/// A shard that starts, or that moves to another home.
public struct ShardTransition: Hashable, Sendable, Codable {
    /// How far it is.
    public enum Stage: Hashable, Sendable, Codable {
        /// It starts on its home, after taking over what another node has left, if one has.
        case starting(after: UniqueAddress?)
        /// It leaves its home when these regions have closed their streams.
        case closing(to: UniqueAddress?, waitingFor: [UniqueAddress])
        /// Its home stops its entities.
        case stopping(to: UniqueAddress?)
    }

    /// The shard's number.
    public var shard: Int
    /// Its present home.
    public var home: UniqueAddress
    /// How far it is.
    public var stage: Stage

    /// Creates an entry.
    public init(shard: Int, home: UniqueAddress, stage: Stage) {
        self.shard = shard
        self.home = home
        self.stage = stage
    }
}

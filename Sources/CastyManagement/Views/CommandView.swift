/// The answer to a command that was accepted.
struct CommandView: Encodable, Sendable {
    /// What the node does now, in words.
    let accepted: String
    /// The number of shards that begin to move.
    let moves: Int?
}

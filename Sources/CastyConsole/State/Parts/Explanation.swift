/// What the pane Why explains.
struct Explanation: Hashable, Sendable {
    /// `nil` for the latest story.
    var subject: WhySubject? {
        didSet { offset = 0 }
    }
    /// The number of its lines that are scrolled away.
    var offset = 0
}

/// The subject of the pane Why.
enum WhySubject: Hashable, Sendable {
    case node(String)
    case shard(Int)
    case event(Int)
    /// All that is known of a node, or of a shard.
    case details(of: String)
    case shardDetails(of: Int)
    /// The direction from a node to another.
    case link(from: String, to: String)
}

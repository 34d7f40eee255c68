/// The request of one side of a split to the lease that all nodes share.
public struct LeaseClaim: Hashable, Sendable {
    /// The requesting incarnation of a node, as text without spaces.
    public let owner: String
    /// The members that go if the claim is granted. The lease remembers them: none of them can get it afterwards.
    public let losers: [String]
    /// How long the lease is held unless it is renewed or released.
    public let duration: Duration
    /// How long the losers are remembered.
    public let memory: Duration

    /// Creates a claim.
    public init(owner: String, losers: [String], duration: Duration, memory: Duration) {
        self.owner = owner
        self.losers = losers
        self.duration = duration
        self.memory = memory
    }
}

/// What one side of a split asks of the lease that all nodes share.
public struct LeaseClaim: Hashable, Sendable {
    /// Who asks: the incarnation of a node, as text without spaces.
    public let owner: String
    /// Who goes if the claim is granted. The lease remembers them: none of them can get it afterwards.
    public let losers: [String]
    /// For how long it is held unless it is renewed or released.
    public let duration: Duration
    /// For how long the losers are remembered.
    public let memory: Duration

    /// Creates a claim.
    public init(owner: String, losers: [String], duration: Duration, memory: Duration) {
        self.owner = owner
        self.losers = losers
        self.duration = duration
        self.memory = memory
    }
}

import CastyCore

/// The state of this node's attempt to join.
struct JoinState: Sendable {
    /// Decides which seed founds the cluster where there is none; also holds the addresses to ask.
    var founding: Founding
    var round = SeedRound()
    /// How often the join was sent since a member said that this node may join.
    var attempts = 0
    /// The member that said so: the fallback if the leader does not answer.
    var contact: UniqueAddress?
    /// The cluster this node was in, or its data belongs to.
    var remembered: RememberedCluster?
    /// Whether a member was asked to let this node in, so that it may have done so.
    var mayBeIn = false
    /// Whether this node is to leave as soon as it has been let in.
    var isLeaving = false
    /// When the log last reported what this node waits for.
    var saidAt: Instant?

    init(_ founding: Founding) { self.founding = founding }
}

/// Which seeds are asked: all of them, or a few at a time.
struct SeedRound: Sendable {
    private static let askedAtOnce = 5

    /// The index of the next address to ask.
    private var next = 0
    /// The addresses that were asked last.
    private(set) var asked: [NodeAddress] = []
    /// Those of them that said no.
    private var refusals: [NodeAddress] = []
    /// How many addresses were asked in this attempt.
    private(set) var askedInVain = 0

    /// Another attempt begins.
    mutating func restart() { askedInVain = 0 }

    /// Chooses the addresses to ask now.
    mutating func begin(_ others: [NodeAddress], all: Bool) {
        refusals = []
        asked = others
        if !all, others.count > Self.askedAtOnce {
            asked = (0..<Self.askedAtOnce).map { others[(next + $0) % others.count] }
            next = (next + Self.askedAtOnce) % others.count
        }
        askedInVain += asked.count
    }

    /// An address says no. Returns whether all that were asked have now.
    mutating func refuse(_ address: NodeAddress) -> Bool {
        guard asked.contains(address), !refusals.contains(address) else { return false }
        refusals.append(address)
        return refusals.count == asked.count
    }
}

import CastyPrimitives

/// How the seeds agree on which of them founds the cluster, seen by one of them. A value without clock or network.
///
/// A seed that is in no cluster asks all other seeds, round by round. It founds a cluster when a majority of the seed list, itself included, has given it
/// its vote in one round; whoever is in a cluster says so instead, and is joined. A refused connection is no answer: the cluster may live
/// where this node cannot look. A node with one seed, itself, is its own majority.
///
/// ```
///               asks, and may vote            a lower candidate asks
/// undecided ───────────────────────▶ candidate ─────────────────────▶ supporter
///     ▲                                 │ a majority: founds              │
///     └─────────────────────────────────┴──── its candidate gave up, or is gone
/// ```
///
/// Why no two seeds found a cluster each:
/// - Two majorities of one list share a seed, and a seed has one vote. It goes to the first candidate that asks whose address is lower than the
///   seed's own, and the seed's own candidacy ends with that; so of candidates that ask each other the lowest wins.
/// - A vote counts for a candidate for ``hold`` from when it asked, and the voter holds it for as long from when it answered, which is later.
/// - After that the voter does not know whether its candidate has founded. So its vote stays bound until the candidate itself asks without a
///   candidacy or answers that it is in no cluster, or its process is gone, or it has been silent for ``silence``.
/// - A process that starts may have voted in its earlier life. So a seed gives no vote, not even to itself, before it has asked all
///   others itself and ``hold`` has passed; by then it has heard of a cluster that its forgotten vote helped to found.
///
/// What this cannot exclude is a founder that is cut off from its voters right after its founding, for longer than ``silence``, and a seed that was
/// *told* to found while the others could not see it. Such second clusters are found and ended by `Membership+SecondClusters`.
struct Founding: Sendable {
    /// To whom this seed's vote belongs.
    enum Stance: Hashable, Sendable {
        case undecided
        /// It is its own, and these seeds have given it theirs in this round, sorted.
        case candidate(voters: [UniqueAddress])
        /// It is another one's: held until a moment, and bound until more is known of the candidate, which was heard last at another.
        case supporter(of: UniqueAddress, until: Instant, heard: Instant)
    }

    /// The last word of a place that was asked.
    enum Word: Hashable, Sendable {
        case none
        case refusedConnection
        case inNoCluster(round: UInt64, VoteAnswer)
        case goingAway(at: Instant)
        /// What answers there is no node of this cluster, and has been since.
        case wrong(String, since: Instant)
    }

    /// What follows from an answer.
    enum Outcome: Hashable, Sendable {
        case none
        /// A majority has voted for this seed.
        case found(voters: [UniqueAddress])
        /// Another round makes sense after so long.
        case askAgain(after: Duration)
    }

    let myself: UniqueAddress
    /// The seeds as a set, sorted.
    let seeds: [NodeAddress]
    /// The members of the cluster that this node belonged to before it was started again, without itself, sorted.
    let remembered: [NodeAddress]
    /// Whom to ask: seeds and remembered members without itself, sorted.
    let others: [NodeAddress]
    /// How long a vote counts.
    let hold: Duration
    /// After how long without a word a candidate no longer binds its voters.
    let silence: Duration
    let sabotage: MembershipSabotage

    private(set) var stance = Stance.undecided
    private(set) var round: UInt64 = 0
    private var askedAt = Instant.start
    /// When this node asked for the first time.
    private var firstAskedAt: Instant?
    /// By place in `others`.
    private var words: [Word]
    /// The highest up-number that one of the places asked remembers. One that ended early remembers less than those that went on without it.
    private(set) var highestUpNumber: UInt32 = 0
    /// When a member of a cluster last made itself known.
    private var clusterHeardAt: Instant?

    init(
        _ myself: UniqueAddress, seeds: [NodeAddress], remembered: [NodeAddress], settings: MembershipSettings
    ) {
        func set(_ addresses: [NodeAddress]) -> [NodeAddress] {
            addresses.sortedUniquely(by: { $0 }) { first, _ in first }
        }
        self.myself = myself
        self.seeds = set(seeds)
        self.remembered = set(remembered).filter { $0 != myself.address }
        others = set(self.seeds + self.remembered).filter { $0 != myself.address }
        hold = settings.joinRetry
        silence = settings.unstableLimit
        sabotage = settings.sabotage
        words = others.map { _ in .none }
    }

    var isSeed: Bool { seeds.contains(myself.address) }
    var majority: Int { seeds.count / 2 + 1 }
    /// Whether nobody else has to be asked.
    var isAlone: Bool { isSeed && others.isEmpty }

    // MARK: asking

    /// A new round of questions begins. Returns what they ask for.
    mutating func ask(at now: Instant) -> Ballot {
        round &+= 1
        askedAt = now
        firstAskedAt = firstAskedAt ?? now
        switch stance {
        case .supporter(_, let until, let heard):
            if now >= until, now - heard >= silence { stance = .undecided }
        case .undecided, .candidate: stance = .undecided
        }
        guard case .undecided = stance, isSeed, pause(at: now) == .zero, !knowsCluster(at: now) else {
            return .question(round: round)
        }
        stance = .candidate(voters: [myself])
        return .candidacy(round: round)
    }

    /// A place refused the connection: nothing runs there at this moment. Says nothing about a cluster.
    mutating func onRefusedConnection(_ address: NodeAddress, at now: Instant) -> Outcome {
        guard let index = others.firstIndex(of: address) else { return .none }
        words[index] = .refusedConnection
        if case .supporter(let candidate, let until, _) = stance, candidate.address == address, now >= until {
            stance = .undecided
        }
        guard sabotage.contains(.foundsOnRefusal) else { return .none }
        return counted(UniqueAddress(address: address, incarnation: 0), at: now)
    }

    /// A member that is about to go has answered: there is a cluster, and it cannot be joined there.
    mutating func onGoingAway(_ peer: UniqueAddress, at now: Instant) -> Outcome {
        guard let index = others.firstIndex(of: peer.address) else { return .none }
        if sabotage.contains(.foundsBesideLeavers) { return counted(peer, at: now) }
        words[index] = .goingAway(at: now)
        return .none
    }

    /// A node has answered that it is in no cluster, and what becomes of its vote.
    mutating func onNoCluster(
        from peer: UniqueAddress, round: UInt64, _ vote: VoteAnswer, highest: UInt32 = 0, at now: Instant
    ) -> Outcome {
        guard let index = others.firstIndex(of: peer.address), round == self.round else { return .none }
        // No cluster comes near the end of the numbers, and a word that is wrong must not bring this one there.
        if highest < .max / 2 { highestUpNumber = max(highestUpNumber, highest) }
        words[index] = .inNoCluster(round: round, vote)
        if case .supporter(let candidate, let until, _) = stance, candidate.address == peer.address {
            // It was asked after its claim to this vote had run out, and still had founded nothing.
            if askedAt >= until || candidate != peer { stance = .undecided }
        }
        switch vote {
        case .granted: return counted(peer, at: now)
        case .later(let pause):
            return .askAgain(after: min(max(pause, hold / 10), hold))
        case .givenTo, .knowsCluster, .otherSeeds, .notAsked, .noSeed: return decide(at: now)
        }
    }

    private mutating func counted(_ voter: UniqueAddress, at now: Instant) -> Outcome {
        guard case .candidate(var voters) = stance, seeds.contains(voter.address) else { return .none }
        voters.insertSorted(voter)
        stance = .candidate(voters: voters)
        return decide(at: now)
    }

    private func decide(at now: Instant) -> Outcome {
        // The clocks of two nodes may run at rates that differ by some per cent.
        guard case .candidate(let voters) = stance, voters.count >= majority, now - askedAt < hold * 0.9,
            !knowsCluster(at: now), haveAllAnswered
        else { return .none }
        return .found(voters: voters.filter { $0 != myself && $0.incarnation != 0 })
    }

    /// Whether every place of the remembered cluster has said in this round that it is in none: while one of them is silent the cluster may live.
    private var haveAllAnswered: Bool {
        if remembered.isEmpty { return true }
        return words.allSatisfy { word in
            if case .inNoCluster(round, _) = word { true } else { false }
        }
    }

    /// A member of a cluster has made itself known: joining that cluster comes first.
    mutating func heardOfCluster(at now: Instant) { clusterHeardAt = now }

    /// A place is listened on by something that is no node of this cluster.
    mutating func onWrongNode(at address: NodeAddress, _ answer: String, now: Instant) {
        guard let index = others.firstIndex(of: address) else { return }
        if case .wrong = words[index] { return }
        words[index] = .wrong(answer, since: now)
    }

    /// A place whose answer was wrong for so long that waiting for another answer makes no sense.
    func lastingError(at now: Instant) -> (address: NodeAddress, answer: String)? {
        for (address, word) in zip(others, words) {
            if case .wrong(let answer, let since) = word, now - since >= hold * 3 { return (address, answer) }
        }
        return nil
    }

    // MARK: being asked

    /// Another node in no cluster asks. Returns what becomes of this node's vote.
    mutating func onAsked(by peer: UniqueAddress, _ ballot: Ballot, at now: Instant) -> VoteAnswer {
        guard isSeed else { return .noSeed }
        if sabotage.contains(.votesForAll), case .candidacy = ballot { return .granted }
        switch ballot {
        case .question:
            // It has no claim to votes any more: what it asked for before counts in its earlier rounds only.
            if case .supporter(peer, _, _) = stance { stance = .undecided }
            return .notAsked
        case .candidacy:
            let pause = pause(at: now)
            guard pause == .zero else { return .later(pause) }
            guard seeds.contains(peer.address) else { return .noSeed }
            guard !knowsCluster(at: now) else { return .knowsCluster }
            switch stance {
            case .undecided, .candidate:
                guard peer.address < myself.address else { return .givenTo(myself.address) }
            case .supporter(let candidate, _, _):
                guard candidate.address == peer.address else { return .givenTo(candidate.address) }
            }
            stance = .supporter(of: peer, until: now + hold, heard: now)
            return .granted
        }
    }

    /// How long this seed gives no vote yet, because it has only just begun to ask.
    private func pause(at now: Instant) -> Duration {
        if others.isEmpty { return .zero }
        guard let firstAskedAt else { return hold }
        return max(.zero, firstAskedAt + hold - now)
    }

    /// Whether a member was heard, one that is about to go too: its cluster may go on without it.
    private func knowsCluster(at now: Instant) -> Bool {
        if let clusterHeardAt, now - clusterHeardAt < hold * 4 { return true }
        return words.contains { word in
            if case .goingAway(let time) = word { now - time < silence } else { false }
        }
    }
}

extension Founding {
    /// What this node waits for, for a person.
    var waiting: String {
        var parts: [String] = []
        for (address, word) in zip(others, words) {
            switch word {
            case .none: parts.append("\(address) has not answered")
            case .refusedConnection: parts.append("\(address) refuses the connection")
            case .goingAway: parts.append("\(address) is leaving its cluster")
            case .wrong(let answer, _): parts.append("\(address) is none of this cluster: \(answer)")
            case .inNoCluster(_, .givenTo(let candidate)) where candidate != address:
                parts.append("\(address) is in no cluster and votes for \(candidate)")
            case .inNoCluster(_, .otherSeeds(let theirs)):
                parts.append("\(address) has other seeds (\(theirs)) than this node (\(seedsText))")
            case .inNoCluster: parts.append("\(address) is in no cluster")
            }
        }
        let need =
            isSeed
            ? remembered.isEmpty
                ? "a cluster, or the votes of \(majority) of \(seeds.count) seeds"
                : "the cluster it was in, or the word of all its members and seeds that they are in none"
            : "a seed that is in a cluster"
        return "waits for \(need): " + parts.joined(separator: "; ")
    }

    /// The seed list as all nodes must have it, whatever its order.
    var seedsText: String { seeds.map(\.description).joined(separator: ",") }
}

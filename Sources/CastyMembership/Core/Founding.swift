import CastyCore

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
///   A seed that it has not heard since then may be that founder, cut off: the vote waits for ``silence``, as in the earlier life, unless that
///   seed refuses the connection, so that no process is there.
///
/// Why none founds beside a cluster that somebody remembers: each answer carries what its sender remembers, and a candidate must hear from all the
/// members of that as well, and of what those remember. So it comes to those who were members last, whichever of them it knew itself. All
/// must say in one round that they are in none; then it founds that same cluster again, above the highest number that any of them remembers.
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
    /// The cluster that this node, or one of those that have answered, was in before.
    private(set) var memory: RememberedCluster?
    /// The members of that cluster, without this node, sorted.
    private(set) var remembered: [NodeAddress]
    /// Whom to ask: seeds and remembered members without itself, sorted.
    private(set) var others: [NodeAddress]
    /// How long a vote counts.
    let hold: Duration
    /// After how long without a word a candidate no longer binds its voters.
    let silence: Duration
    let mutations: MembershipMutation

    /// Whether a person has said that no cluster runs.
    var isTold = false

    private(set) var stance = Stance.undecided
    private(set) var round: UInt64 = 0
    private var askedAt = Instant.start
    /// The first round in which an answer says that its sender has not founded with a vote from this seed's earlier life.
    private var firstSettledRound: UInt64?
    /// Whether this node was itself in the cluster that it remembers.
    private let isOwnMemory: Bool
    /// Another cluster that one of the seeds remembers, where this node itself was in none.
    private var otherMemory: ClusterID?
    /// When this node asked for the first time.
    private var firstAskedAt: Instant?
    /// By place in `others`.
    private var words: [Word]
    /// When a member of a cluster last made itself known.
    private var clusterHeardAt: Instant?

    init(
        _ myself: UniqueAddress, seeds: [NodeAddress], remembered: RememberedCluster?, settings: MembershipSettings
    ) {
        func set(_ addresses: [NodeAddress]) -> [NodeAddress] {
            addresses.sortedUniquely(by: { $0 }) { first, _ in first }
        }
        self.myself = myself
        self.seeds = set(seeds)
        memory = remembered
        isOwnMemory = remembered != nil
        self.remembered = set(remembered?.members ?? []).filter { $0 != myself.address }
        others = set(self.seeds + self.remembered).filter { $0 != myself.address }
        hold = settings.joinRetry
        silence = settings.unstableLimit
        mutations = settings.mutations
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
        if firstSettledRound == nil, pause(at: now) == .zero { firstSettledRound = round }
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
        guard mutations.contains(.foundsOnRefusal) else { return .none }
        return counted(UniqueAddress(address: address, incarnation: 0), at: now)
    }

    /// A member that is about to go has answered: there is a cluster, and it cannot be joined there.
    mutating func onGoingAway(_ peer: UniqueAddress, at now: Instant) -> Outcome {
        guard let index = others.firstIndex(of: peer.address) else { return .none }
        if mutations.contains(.foundsBesideLeavers) {
            words[index] = .refusedConnection
            return counted(peer, at: now)
        }
        words[index] = .goingAway(at: now)
        return .none
    }

    /// A node has answered that it is in no cluster, and what becomes of its vote.
    mutating func onNoCluster(
        from peer: UniqueAddress, round: UInt64, _ vote: VoteAnswer, _ memory: RememberedCluster? = nil, at now: Instant
    ) -> Outcome {
        guard let index = others.firstIndex(of: peer.address), round == self.round else { return .none }
        words[index] = .inNoCluster(round: round, vote)
        if case .supporter(let candidate, let until, _) = stance, candidate.address == peer.address {
            // It was asked after its claim to this vote had run out, and still had founded nothing.
            if askedAt >= until || candidate != peer { stance = .undecided }
        }
        if learn(memory) { return .askAgain(after: hold / 10) }
        switch vote {
        case .granted: return counted(peer, at: now)
        case .later(let pause):
            return .askAgain(after: min(max(pause, hold / 10), hold))
        case .givenTo, .knowsCluster, .otherSeeds, .notAsked, .noSeed: return decide(at: now)
        }
    }

    /// Takes over what another node remembers. Returns whether there are more nodes to ask now.
    private mutating func learn(_ theirs: RememberedCluster?) -> Bool {
        guard isSeed, let theirs, !mutations.contains(.foundsFromOwnMemory) else { return false }
        guard var known = memory else {
            memory = RememberedCluster(id: theirs.id)
            return learn(theirs)
        }
        guard known.id == theirs.id else {
            if !isOwnMemory { otherMemory = theirs.id }
            return false
        }
        // No cluster comes near the end of the numbers, and a word that is wrong must not bring this one there.
        if theirs.highestUpNumber < .max / 2 {
            known.highestUpNumber = max(known.highestUpNumber, theirs.highestUpNumber)
        }
        let news = theirs.members.filter { $0 != myself.address && !remembered.sortedContains($0) }
        guard remembered.count + news.count <= Self.mostRemembered else { return false }
        for address in theirs.members { known.members.insertSorted(address) }
        for address in news {
            remembered.insertSorted(address)
            guard !others.sortedContains(address) else { continue }
            let index = others.sortedIndex(of: address, by: { $0 })
            others.insert(address, at: index)
            words.insert(.none, at: index)
        }
        memory = known
        return !news.isEmpty
    }

    private static let mostRemembered = 16_384

    private mutating func counted(_ voter: UniqueAddress, at now: Instant) -> Outcome {
        guard case .candidate(var voters) = stance, seeds.contains(voter.address) else { return .none }
        voters.insertSorted(voter)
        stance = .candidate(voters: voters)
        return decide(at: now)
    }

    private func decide(at now: Instant) -> Outcome {
        // The clocks of two nodes may run at rates that differ by some per cent.
        guard case .candidate(let voters) = stance, voters.count >= majority, now - askedAt < hold * 0.9,
            !knowsCluster(at: now), !words.contains(.inNoCluster(round: round, .knowsCluster)), haveAllAnswered,
            unheard(at: now) == nil
        else { return .none }
        return .found(voters: voters.filter { $0 != myself && $0.incarnation != 0 })
    }

    /// Whether every place of the remembered cluster has said in this round that it is in none: while one of them is silent the cluster may live.
    private var haveAllAnswered: Bool {
        guard let memory else { return true }
        // Which of two clusters is to be founded again only a person can say.
        if let otherMemory, otherMemory != memory.id { return false }
        if remembered.isEmpty { return true }
        return words.allSatisfy { word in
            switch word {
            case .inNoCluster(_, .knowsCluster): false
            case .inNoCluster(let round, _): round == self.round
            case .none, .refusedConnection, .goingAway, .wrong: false
            }
        }
    }

    /// Those without whose word a seed that was told to found goes on, after ``silence``; `nil` while it does not.
    func lost(at now: Instant) -> [NodeAddress]? {
        guard isTold, isSeed, memory != nil, let firstAskedAt, now - firstAskedAt >= silence, !knowsCluster(at: now),
            !words.contains(.inNoCluster(round: round, .knowsCluster))
        else { return nil }
        return zip(others, words).compactMap { address, word in
            if case .inNoCluster(self.round, _) = word { nil } else { address }
        }
    }

    /// A seed that may have founded a cluster with a vote that this one has forgotten; `nil` where there is none.
    ///
    /// - Parameter candidate: Not this one: it has just spoken itself.
    private func unheard(besides candidate: NodeAddress? = nil, at now: Instant) -> NodeAddress? {
        guard let firstAskedAt, now - firstAskedAt < silence, !mutations.contains(.forgetsVotes) else { return nil }
        for (address, word) in zip(others, words) where address != candidate && seeds.sortedContains(address) {
            switch word {
            case .refusedConnection, .goingAway, .wrong: break
            case .none: return address
            case .inNoCluster(let round, _): if round < firstSettledRound ?? .max { return address }
            }
        }
        return nil
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
        if mutations.contains(.votesForAll), case .candidacy = ballot { return .granted }
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
            guard unheard(besides: peer.address, at: now) == nil else { return .later(hold / 10) }
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
            case .inNoCluster(_, .knowsCluster): parts.append("\(address) has heard of a cluster")
            case .inNoCluster: parts.append("\(address) is in no cluster")
            }
        }
        if let otherMemory, let memory, otherMemory != memory.id {
            parts.append("one of them was in cluster \(otherMemory.short), others in \(memory.id.short)")
        }
        let need =
            isSeed
            ? remembered.isEmpty
                ? "a cluster, or the votes of \(majority) of \(seeds.count) seeds"
                : "the cluster \(memory?.id.short ?? ""), or the word of all its members and seeds that they are in none (where one of them "
                    + "is lost for good: start this node with --found)"
            : "a seed that is in a cluster"
        return "waits for \(need): " + parts.joined(separator: "; ")
    }

    /// The seed list as all nodes must have it, whatever its order.
    var seedsText: String { seeds.map(\.description).joined(separator: ",") }
}

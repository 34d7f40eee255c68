import CastyCore

/// How the seeds agree on which of them founds the cluster, seen by one of them. A value without clock or network.
///
/// A seed that is in no cluster asks all other seeds, round by round. It founds a cluster when a majority of the seed
/// list, itself included, has voted for it in one round. A node that is in a cluster says so instead, and the seed
/// joins through it. A refused connection is no answer: the cluster may run where this node cannot reach it. A node
/// with one seed, itself, is its own majority.
///
/// ```
///               asks, and may vote            a lower candidate asks
/// undecided ───────────────────────▶ candidate ─────────────────────▶ supporter
///     ▲                                 │ a majority: founds              │
///     └─────────────────────────────────┴──── its candidate gave up, or is gone
/// ```
///
/// Why no two seeds found a cluster each:
/// - Two majorities of one list share a seed, and a seed has one vote. It goes to the first candidate that asks and
///   whose address is lower than the seed's own; that ends the seed's own candidacy. So of candidates that ask each
///   other the lowest wins.
/// - A vote counts for a candidate for ``hold`` from when it asked. The voter holds it for as long from when it
///   answered, which is later.
/// - After that the voter does not know whether its candidate has founded. So its vote stays bound until the candidate
///   asks without a candidacy or answers that it is in no cluster, or its process is gone, or it has been silent for
///   ``silence``.
/// - A process that starts may have voted in its earlier run. So a seed gives no vote, not even to itself, before it
///   has asked all others itself and ``hold`` has passed; by then it has heard of a cluster that its forgotten vote
///   helped to found.
///
///   A seed that it has not heard from since then may be that founder, cut off. Then the vote waits for ``silence``, as
///   in the earlier run, unless that seed refuses the connection, which means that no process runs there.
///
/// Why no seed founds a new cluster while a remembered one may run: each answer carries what its sender remembers, and
/// a candidate must hear from all members of that cluster as well, and from those that these remember. So it reaches
/// the last members, whichever of them it knew itself. All must say in one round that they are in no cluster. Then the
/// candidate founds that same cluster again, above the highest up-number that any of them remembers.
///
/// Two cases are not excluded: a founder that is cut off from its voters right after founding, for longer than
/// ``silence``; and a seed that a person orders to found while the others cannot see it. `Membership+SecondClusters`
/// finds and ends such second clusters.
struct Founding: Sendable {
    /// Which candidate this seed's vote belongs to.
    enum Stance: Hashable, Sendable {
        case undecided
        /// The vote is its own, and these seeds have voted for it in this round, sorted.
        case candidate(voters: [UniqueAddress])
        /// The vote is another seed's: held `until` a moment, and bound until more is known of the candidate, which was
        /// last `heard` at another.
        case supporter(of: UniqueAddress, until: Instant, heard: Instant)
    }

    /// The last answer from an address that was asked.
    enum Word: Hashable, Sendable {
        case none
        case refusedConnection
        case inNoCluster(round: UInt64, VoteAnswer)
        case goingAway(at: Instant)
        /// The process there is not a node of this cluster; `since` is when this was first seen.
        case wrong(String, since: Instant)
        /// The process there and this node do not accept each other's credentials.
        case notTrusted(String)
    }

    /// The result of an answer.
    enum Outcome: Hashable, Sendable {
        case none
        /// A majority has voted for this seed.
        case found(voters: [UniqueAddress])
        /// Another round makes sense after this time.
        case askAgain(after: Duration)
    }

    let myself: UniqueAddress
    /// The seeds as a set, sorted.
    let seeds: [NodeAddress]
    /// The cluster that this node, or one of those that have answered, was in before.
    private(set) var memory: RememberedCluster?
    /// The members of that cluster, without this node, sorted.
    private(set) var remembered: [NodeAddress]
    /// Seeds of earlier lists, sorted: nodes that this one may have voted for, or had votes of, before its list changed.
    let formerSeeds: [NodeAddress]
    /// The addresses to ask: seeds, former ones and remembered members without this node, sorted.
    private(set) var others: [NodeAddress]
    /// How long a vote counts.
    let hold: Duration
    /// The silence after which a candidate no longer binds its voters.
    let silence: Duration
    let mutations: MembershipMutations

    /// Whether a person has ordered this node to found because no cluster runs.
    var isTold = false

    var stance = Stance.undecided
    private(set) var round: UInt64
    var askedAt = Instant.start
    /// The first round whose answers show that their senders have not founded with a vote from this seed's earlier run.
    var firstSettledRound: UInt64?
    /// Whether `memory` is this node's own and not learned from another one.
    let isOwnMemory: Bool
    /// Another cluster that one of the seeds remembers, where this node itself was in none.
    var otherMemory: ClusterID?
    /// When this node asked for the first time.
    var firstAskedAt: Instant?
    /// Indexed as `others`.
    var words: [Word]
    /// When this node last heard from a member of a cluster.
    var clusterHeardAt: Instant?

    /// - Parameter former: The state under an earlier list of seeds, of which its votes are not known to count no longer: so
    ///   this one starts as a process does that may have voted in an earlier run, and asks the seeds of that list too.
    init(
        _ myself: UniqueAddress, seeds: [NodeAddress], remembered: RememberedCluster?, settings: MembershipSettings,
        after former: Founding? = nil
    ) {
        func set(_ addresses: [NodeAddress]) -> [NodeAddress] {
            addresses.sortedUniquely(by: { $0 }) { first, _ in first }
        }
        self.myself = myself
        self.seeds = set(seeds)
        let list = self.seeds
        formerSeeds =
            former.map { former in
                set(former.seeds + former.formerSeeds).filter { !list.sortedContains($0) && $0 != myself.address }
            } ?? []
        round = former?.round ?? 0
        memory = remembered
        isOwnMemory = remembered != nil
        self.remembered = set(remembered?.members ?? []).filter { $0 != myself.address }
        others = set(self.seeds + formerSeeds + self.remembered).filter { $0 != myself.address }
        hold = settings.joinRetry
        silence = settings.unstableLimit
        mutations = settings.mutations
        words = others.map { _ in .none }
    }

    var isSeed: Bool { seeds.contains(myself.address) }
    var majority: Int { seeds.count / 2 + 1 }
    /// Whether there is no other node to ask.
    var isAlone: Bool { isSeed && others.isEmpty }

    // MARK: asking

    /// Begins a new round of questions. Returns the ballot to send.
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

    /// An address refused the connection: no process listens there at this moment. This says nothing about a cluster.
    mutating func onRefusedConnection(_ address: NodeAddress, at now: Instant) -> Outcome {
        guard let index = others.firstIndex(of: address) else { return .none }
        words[index] = .refusedConnection
        if case .supporter(let candidate, let until, _) = stance, candidate.address == address, now >= until {
            stance = .undecided
        }
        guard mutations.contains(.foundsOnRefusal) else { return .none }
        return counted(UniqueAddress(address: address, incarnation: 0), at: now)
    }

    /// A leaving member has answered: there is a cluster, and this node cannot join through that member.
    mutating func onGoingAway(_ peer: UniqueAddress, at now: Instant) -> Outcome {
        guard let index = others.firstIndex(of: peer.address) else { return .none }
        if mutations.contains(.foundsBesideLeavers) {
            words[index] = .refusedConnection
            return counted(peer, at: now)
        }
        words[index] = .goingAway(at: now)
        return .none
    }

    /// A node has answered that it is in no cluster, and how it votes.
    mutating func onNoCluster(
        from peer: UniqueAddress, round: UInt64, _ vote: VoteAnswer, _ memory: RememberedCluster? = nil, at now: Instant
    ) -> Outcome {
        guard let index = others.firstIndex(of: peer.address), round == self.round else { return .none }
        words[index] = .inNoCluster(round: round, vote)
        if case .supporter(let candidate, let until, _) = stance, candidate.address == peer.address {
            // It was asked after its claim to this vote had expired, and still had founded nothing.
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

    /// Merges what another node remembers. Returns whether there are more nodes to ask now.
    mutating func learn(_ theirs: RememberedCluster?) -> Bool {
        guard isSeed, let theirs, !mutations.contains(.foundsFromOwnMemory) else { return false }
        guard var known = memory else {
            memory = RememberedCluster(id: theirs.id)
            return learn(theirs)
        }
        guard known.id == theirs.id else {
            if !isOwnMemory { otherMemory = theirs.id }
            return false
        }
        // No cluster comes near the maximum of the numbers, and a wrong answer must not bring this one there.
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

    static let mostRemembered = 16_384

    mutating func counted(_ voter: UniqueAddress, at now: Instant) -> Outcome {
        guard case .candidate(var voters) = stance, seeds.contains(voter.address) else { return .none }
        voters.insertSorted(voter)
        stance = .candidate(voters: voters)
        return decide(at: now)
    }

    func decide(at now: Instant) -> Outcome {
        // The clock rates of two nodes may differ by some per cent.
        guard case .candidate(let voters) = stance, voters.count >= majority, now - askedAt < hold * 0.9,
            !knowsCluster(at: now), !words.contains(.inNoCluster(round: round, .knowsCluster)), haveAllAnswered,
            unheard(at: now) == nil
        else { return .none }
        return .found(voters: voters.filter { $0 != myself && $0.incarnation != 0 })
    }

    /// Whether every address to ask, all remembered members among them, has said in this round that it is in no
    /// cluster: while a remembered member is silent that cluster may run.
    var haveAllAnswered: Bool {
        guard let memory else { return true }
        // Only a person can decide which of two clusters is founded again.
        if let otherMemory, otherMemory != memory.id { return false }
        if remembered.isEmpty { return true }
        return zip(others, words).allSatisfy { address, word in
            if formerSeeds.sortedContains(address), !remembered.sortedContains(address) { return true }
            return switch word {
            case .inNoCluster(_, .knowsCluster): false
            case .inNoCluster(let round, _): round == self.round
            case .none, .refusedConnection, .goingAway, .wrong, .notTrusted: false
            }
        }
    }

    /// The addresses without whose answer a seed that was ordered to found goes ahead, after ``silence``; `nil` while
    /// it does not go ahead.
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
    /// - Parameter candidate: An address to skip: it has just sent its own candidacy.
    func unheard(besides candidate: NodeAddress? = nil, at now: Instant) -> NodeAddress? {
        guard let firstAskedAt, now - firstAskedAt < silence, !mutations.contains(.forgetsVotes) else { return nil }
        for (address, word) in zip(others, words)
        where address != candidate && (seeds.sortedContains(address) || formerSeeds.sortedContains(address)) {
            switch word {
            case .refusedConnection, .goingAway, .wrong: break
            // A seed that does not accept this node's credentials may have founded one all the same.
            case .none, .notTrusted: return address
            case .inNoCluster(let round, _): if round < firstSettledRound ?? .max { return address }
            }
        }
        return nil
    }

    /// Records that a member of a cluster was heard from: joining that cluster comes first.
    mutating func heardOfCluster(at now: Instant) { clusterHeardAt = now }

    /// The process at an address is not a node of this cluster.
    mutating func onWrongNode(at address: NodeAddress, _ answer: String, now: Instant) {
        guard let index = others.firstIndex(of: address) else { return }
        if case .wrong = words[index] { return }
        words[index] = .wrong(answer, since: now)
    }

    /// The process at an address and this node do not accept each other's credentials. What the address said before
    /// does not count any more.
    mutating func onNotTrusted(by address: NodeAddress, _ reason: String) {
        if let index = others.firstIndex(of: address) { words[index] = .notTrusted(reason) }
    }

    /// An address that has answered as another cluster's node, or another node, for so long that waiting makes no
    /// sense.
    func lastingError(at now: Instant) -> (address: NodeAddress, answer: String)? {
        for (address, word) in zip(others, words) where !formerSeeds.sortedContains(address) {
            if case .wrong(let answer, let since) = word, now - since >= hold * 3 { return (address, answer) }
        }
        return nil
    }
}

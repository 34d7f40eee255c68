import CastyCore

/// What a seed answers a candidate that asks for its vote.
extension Founding {
    /// Another node in no cluster asks. Returns how this node votes.
    mutating func onAsked(by peer: UniqueAddress, _ ballot: Ballot, at now: Instant) -> VoteAnswer {
        guard isSeed else { return .noSeed }
        if mutations.contains(.votesForAll), case .candidacy = ballot { return .granted }
        switch ballot {
        case .question:
            // It has no claim to votes any more: votes for its candidacies count only in its earlier rounds.
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

    /// How long this seed still gives no vote, because it has only just begun to ask.
    func pause(at now: Instant) -> Duration {
        if others.isEmpty { return .zero }
        guard let firstAskedAt else { return hold }
        return max(.zero, firstAskedAt + hold - now)
    }

    /// Whether a member was heard from, even a leaving one: its cluster may go on without it.
    func knowsCluster(at now: Instant) -> Bool {
        if let clusterHeardAt, now - clusterHeardAt < hold * 4 { return true }
        return words.contains { word in
            if case .goingAway(let time) = word { now - time < silence } else { false }
        }
    }
}

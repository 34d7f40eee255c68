import CastyCore

/// What a node that has found no cluster waits for, for people.
extension Founding {
    /// What this node waits for.
    var waiting: FoundingWait {
        var memories: FoundingWait.Memories?
        if let otherMemory, let memory, otherMemory != memory.id {
            memories = FoundingWait.Memories(one: otherMemory, others: memory.id)
        }
        return FoundingWait(
            need: need,
            asked: zip(others, words).map { FoundingWait.Asked($0, answer(of: $0, $1)) },
            memories: memories)
    }

    private var need: FoundingWait.Need {
        guard isSeed else { return .cluster }
        guard let memory, !remembered.isEmpty else { return .votes(majority, of: seeds.count) }
        return .former(memory.id)
    }

    private func answer(of address: NodeAddress, _ word: Word) -> FoundingWait.Answer {
        switch word {
        case .none: .none
        case .refusedConnection: .refusedConnection
        case .goingAway: .leavesItsCluster
        case .wrong(let answer, _): .notOfThisCluster(answer)
        case .notTrusted(let reason): .notTrusted(reason)
        case .inNoCluster(_, .givenTo(let candidate)) where candidate != address: .votesFor(candidate)
        case .inNoCluster(_, .otherSeeds(let theirs)): .otherSeeds(theirs: theirs, own: seedsText)
        case .inNoCluster(_, .knowsCluster): .heardOfCluster
        case .inNoCluster: .inNoCluster
        }
    }

    /// The seed list as text, the same on all nodes whatever the order of their lists.
    var seedsText: String { seeds.map(\.description).joined(separator: ",") }
}

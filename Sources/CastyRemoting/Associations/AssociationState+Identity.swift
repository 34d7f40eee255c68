import CastyCore
import CastySerialization

/// Which incarnation lives at a place.
///
/// A hello on an accepted connection proves nothing: it may have waited in a socket while its sender died and another
/// process took the place, or come from a stranger that claims the address. So it is taken at its word only where nothing is known of
/// the place. Where another incarnation is known or awaited there, the caller is refused as *busy* and this node asks the address
/// itself, on a connection that it dials for that: only the incarnation that answers there, after the question, counts. The
/// caller tries again, and is welcome if it was the one.
///
/// An answer decides only where none came to another connection since its own was dialled: of two dials that were under way at
/// the same time, neither is known to be the later one.
extension AssociationState {
    /// Whether the present incarnation must be asked for before a caller of that name is let in.
    func isContested(_ claimed: UniqueAddress) -> Bool {
        // Nobody listens at an observer's place, and nobody takes it for a member.
        if isDeaf { return false }
        if let peer { return peer != claimed }
        return expected.map { $0 != claimed } ?? false
    }

    /// Asks the place who lives there; one question at a time.
    ///
    /// - Parameters:
    ///   - incarnation: Who may live there.
    ///   - isClaim: Whether it has said so itself.
    mutating func askForIncarnation(_ incarnation: UniqueAddress, isClaim: Bool) -> [Effect] {
        guard !isDeaf, !isClosing, !isDetached, question == nil else { return [] }
        question = PlaceQuestion(claimed: isClaim ? incarnation : nil, proofs: proofs)
        return [.askForIncarnation(incarnation)]
    }

    /// Asks for the present incarnation, where it has not answered yet.
    mutating func prove() -> [Effect] {
        guard let peer, !isProven else { return [] }
        return askForIncarnation(peer, isClaim: false)
    }

    /// The connection that asks is about to be dialled. Returns whether it is still wanted.
    mutating func beginAsking(_ link: Link) -> Bool {
        guard question != nil, question?.link == nil, !isClosing else { return false }
        question?.link = link
        return true
    }

    mutating func endQuestion() -> [Effect] {
        defer { question = nil }
        return question?.link.map { [.reset($0)] } ?? []
    }

    /// The attempt to ask is over; `nil` where nobody answered.
    mutating func asked(_ link: Link, answeredBy answerer: UniqueAddress?) -> [Effect] {
        guard let question, question.link === link else { return [] }
        self.question = nil
        guard let answerer, answerer.address == place, question.proofs == proofs, !isClosing,
            removed != answerer
        else { return [] }
        proofs += 1
        guard peer == answerer else { return takeOver(answerer) }
        isProven = true
        // Whoever claimed the place before the present incarnation answered there is dead, or never lived there.
        guard let claimed = question.claimed, claimed != answerer else { return [] }
        noteFormer(claimed.incarnation)
        return [.contradicted(claimed, by: answerer)]
    }

    /// Another incarnation than the present one has answered at the place.
    private mutating func takeOver(_ incarnation: UniqueAddress) -> [Effect] {
        var effects: [Effect] = []
        if peer != nil { effects += replacePeer(by: incarnation, keeping: []) }
        peer = incarnation
        isProven = true
        isCallable = false
        // What waits for it may have waited for no connection with its predecessor.
        if case .idle = control.phase { effects += rest(.control) }
        return effects + [.introduce(incarnation), .changed]
    }

    /// The present incarnation is another's predecessor: ends what there was with it.
    ///
    /// - Parameter lanes: Those whose connections are the new incarnation's.
    mutating func replacePeer(by incarnation: UniqueAddress, keeping lanes: [FrameLane]) -> [Effect] {
        guard let known = peer else { return [] }
        noteFormer(known.incarnation)
        var effects = dropIncarnation(for: incarnation)
        for lane in Self.lanes where !lanes.contains(lane) {
            guard case .active(let old) = self[lane].phase else { continue }
            effects.append(.reset(old))
            effects += lost(lane, peer: known)
        }
        return effects
    }

    private mutating func noteFormer(_ incarnation: UInt64) {
        guard !former.contains(incarnation) else { return }
        former.append(incarnation)
        if former.count > 16 { former.removeFirst() }
    }

    /// The cluster knows of a member at this place.
    mutating func expect(_ incarnation: UniqueAddress) -> [Effect] {
        if let removed, removed != incarnation { self.removed = nil }
        guard expected != incarnation else { return [] }
        expected = incarnation
        // Watches that begin from now on are for its actors, also while the former's connection stands.
        watches.beginIncarnation()
        guard let peer, peer != incarnation else { return [] }
        return askForIncarnation(incarnation, isClaim: false)
    }
}

/// A question to a place: who lives there?
struct PlaceQuestion: Sendable {
    /// Who claimed to, before the question was asked.
    let claimed: UniqueAddress?
    /// How many answers had come when it was asked.
    let proofs: UInt64
    /// The connection that asks.
    var link: Link?
}

import CastyCore
import CastySerialization

/// Which incarnation lives at an address.
///
/// A hello on an accepted connection proves nothing. It may have waited in a socket while its sender died and another
/// process took the address, or it may come from a node that falsely claims the address. So this node trusts a hello
/// only where it knows nothing about the address. Where another incarnation is known or expected there, this node
/// refuses the caller as *busy* and asks the address itself, on a connection that it dials for that purpose. Only the
/// incarnation that answers there, after the question, counts. The caller tries again and is admitted if it was the one
/// that answered.
///
/// An answer counts only if no other connection was answered after its own was dialled. Of two dials under way at the
/// same time, it is unknown which is the later one.
extension AssociationState {
    /// Whether this node must ask the address before it admits a caller that claims this incarnation.
    func isContested(_ claimed: UniqueAddress) -> Bool {
        // An observer does not listen at its address, and no node takes it for a member. Its name proves its incarnation.
        if cannotBeDialled { return false }
        return identity.contradicts(claimed)
    }

    /// Whether the other end of a connection is at this very address: this node dialled it, or the connection comes from
    /// that host. Always so where the host is a name, which says nothing about where connections come from.
    ///
    /// Who knows a member's incarnation may state it, where credentials are not bound to hosts; but it cannot take the
    /// member's connections from another host, and the member takes its own back.
    func isFromAddress(_ link: Link) -> Bool { link.isDialled || link.source == address.host || !address.isNumeric }

    /// Asks the address which incarnation lives there; one question at a time.
    ///
    /// - Parameters:
    ///   - incarnation: The incarnation that may live there.
    ///   - isClaim: Whether that incarnation has claimed the address itself.
    mutating func askForIncarnation(_ incarnation: UniqueAddress, isClaim: Bool) -> [Effect] {
        guard !cannotBeDialled, !isClosing, !isDetached, identity.question == nil else { return [] }
        identity.question = AddressQuestion(claimed: isClaim ? incarnation : nil, proofs: identity.proofs)
        return [.askForIncarnation(incarnation)]
    }

    /// Asks the known incarnation to answer, where it has not done so yet.
    mutating func prove() -> [Effect] {
        guard let known = identity.known, !known.isProven else { return [] }
        return askForIncarnation(known.address, isClaim: false)
    }

    /// The question's connection is about to be dialled. Returns whether it is still wanted.
    mutating func beginAsking(_ link: Link) -> Bool {
        guard let question = identity.question, question.link == nil, !isClosing else { return false }
        identity.question?.link = link
        return true
    }

    mutating func endQuestion() -> [Effect] { identity.endQuestion().map { [.reset($0)] } ?? [] }

    /// The question has ended; `answerer` is `nil` where none answered.
    mutating func asked(_ link: Link, answeredBy answerer: UniqueAddress?) -> [Effect] {
        guard let question = identity.question, question.link === link else { return [] }
        identity.question = nil
        guard let answerer, answerer.address == address, question.proofs == identity.proofs, !isClosing,
            identity.removed != answerer
        else { return [] }
        identity.noteAnswer()
        guard peer == answerer else { return takeOver(answerer) }
        identity.known?.isProven = true
        // The incarnation that claimed the address before this answer is dead, or never lived there.
        guard let claimed = question.claimed, claimed != answerer else { return [] }
        identity.noteFormer(claimed)
        return [.contradicted(claimed, by: answerer)]
    }

    /// An incarnation other than the known one has answered at the address.
    private mutating func takeOver(_ incarnation: UniqueAddress) -> [Effect] {
        var effects: [Effect] = []
        if peer != nil { effects += replacePeer(by: incarnation, keeping: []) }
        identity.known = .init(address: incarnation, isProven: true)
        // Messages may be queued while no connection to the predecessor existed.
        if case .idle = control.phase { effects += rest(.control) }
        return effects + [.introduce(incarnation), .changed]
    }

    /// Another incarnation replaces the known one: ends everything that belonged to the known one.
    ///
    /// - Parameter lanes: The lanes whose connections belong to the new incarnation.
    mutating func replacePeer(by incarnation: UniqueAddress, keeping lanes: [FrameLane]) -> [Effect] {
        guard let known = peer else { return [] }
        identity.noteFormer(known)
        var effects = dropIncarnation(for: incarnation)
        for lane in Self.lanes where !lanes.contains(lane) {
            guard case .active(let old) = self[lane].phase else { continue }
            effects.append(.reset(old))
            effects += lost(lane, peer: known)
        }
        return effects
    }

    /// The cluster knows a member at this address.
    mutating func expect(_ incarnation: UniqueAddress) -> [Effect] {
        identity.liftRemoval(for: incarnation)
        guard identity.expected != incarnation else { return [] }
        identity.expected = incarnation
        // Watches that begin from now on are for the actors of this incarnation, even while the connection of the
        // former one stands.
        watches.beginIncarnation()
        guard let peer, peer != incarnation else { return [] }
        return askForIncarnation(incarnation, isClaim: false)
    }
}

extension NodeAddress {
    /// Whether the host is written as a number: no name has a colon, or only digits and dots.
    fileprivate var isNumeric: Bool {
        host.utf8.contains(UInt8(ascii: ":"))
            || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

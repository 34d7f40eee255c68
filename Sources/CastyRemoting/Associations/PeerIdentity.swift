import CastyCore

/// Which incarnation lives at an address, as far as this node knows.
struct PeerIdentity: Sendable {
    /// An incarnation that has introduced itself.
    struct Known: Sendable {
        let address: UniqueAddress
        /// Whether it has answered on a connection that this node dialled.
        var isProven = false
        /// Whether it supports probe connections.
        var acceptsProbeConnections = false
        /// The protocol version of its connections, where one was welcomed. Both lanes have the same: an incarnation
        /// speaks the same versions as long as it lives.
        var version: UInt16?
    }

    var known: Known?
    /// The member that the cluster knows at this address.
    var expected: UniqueAddress?
    /// The incarnation that the cluster removed, until another one lives here or is expected.
    var removed: UniqueAddress?
    /// Former incarnations. Their hellos arrive late and are refused.
    private var former: [UInt64] = []
    /// How many times an incarnation has answered on a connection that this node dialled.
    private(set) var proofs: UInt64 = 0
    /// The open question which incarnation lives there, if any.
    var question: AddressQuestion?

    func isProven(_ incarnation: UniqueAddress) -> Bool { known?.address == incarnation && known?.isProven == true }

    func isFormer(_ incarnation: UniqueAddress) -> Bool { former.contains(incarnation.incarnation) }

    /// Whether another incarnation than the claimed one is known or expected.
    func contradicts(_ claimed: UniqueAddress) -> Bool {
        if let known { return known.address != claimed }
        return expected.map { $0 != claimed } ?? false
    }

    /// The incarnation lives there. It is proven only where it was before.
    mutating func meet(_ incarnation: UniqueAddress, acceptsProbeConnections: Bool, version: UInt16) {
        known = Known(
            address: incarnation, isProven: isProven(incarnation), acceptsProbeConnections: acceptsProbeConnections,
            version: version)
        liftRemoval(for: incarnation)
    }

    /// Another incarnation than the removed one lives there or is expected.
    mutating func liftRemoval(for incarnation: UniqueAddress) {
        if let removed, removed != incarnation { self.removed = nil }
    }

    /// An incarnation has answered on a connection that this node dialled.
    mutating func noteAnswer() { proofs += 1 }

    mutating func noteFormer(_ incarnation: UniqueAddress) {
        guard !isFormer(incarnation) else { return }
        former.append(incarnation.incarnation)
        if former.count > 16 { former.removeFirst() }
    }

    /// Ends the question. Returns the connection that carries it.
    mutating func endQuestion() -> Link? {
        defer { question = nil }
        return question?.link
    }
}

/// A question to an address: which incarnation lives there?
struct AddressQuestion: Sendable {
    /// The incarnation that claimed the address before the question was asked.
    let claimed: UniqueAddress?
    /// The number of answers that had arrived when it was asked.
    let proofs: UInt64
    /// The connection that carries the question.
    var link: Link?
}

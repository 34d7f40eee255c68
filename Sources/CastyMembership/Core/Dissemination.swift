import CastyCore

/// The version of the gossip that this node has, and what is known about it.
struct PresentVersion: Sendable {
    var digest: UInt64 = 0
    /// Since when this node has known it.
    var since = Instant.start
    var cause = EventCause.start
    /// Incremented whenever the gossip, or the list of members that have seen it, may have changed.
    var revision: UInt64 = 0
    /// Whether the present input has changed it, or who is known to have it.
    var isDirty = false

    /// Another version has replaced it.
    mutating func replace(by digest: UInt64, cause: EventCause, at now: Instant) {
        self.digest = digest
        self.cause = cause
        since = now
        revision &+= 1
        isDirty = true
    }
}

/// How far this node has got with sending the present version to the others.
struct Dissemination: Sendable {
    /// Where the present version comes from.
    ///
    /// ```
    ///            this node changes something
    ///      ┌──────────────────────────────────────▶ own ──── and it was a mark ───▶ mark
    ///  any ┤     a node sends a newer version
    ///      ├──────────────────────────────────────▶ received
    ///      │     a node sends a concurrent version
    ///      └──────────────────────────────────────▶ merged
    /// ```
    enum Origin: Hashable, Sendable {
        /// A change of this node, which sends it at once.
        case own
        /// A mark that this node has just made or taken back.
        case mark
        /// The sender also sends it to everyone else.
        case received(from: UniqueAddress)
        /// A merge, made here and wherever both of its parts have arrived.
        case merged
    }

    var origin = Origin.own
    /// The digest of the version that was sent last.
    var pushed: UInt64 = 0
    /// The digest of the last version that this node has sent to everyone; it notifies the others once all have seen
    /// it.
    var originated: UInt64?
    /// Whether the present version has marks of this node that it has not sent to any node.
    var hasUnsentMarks = false
    /// When this node last sent marks, or a merged version, to everyone.
    var gatheredAt: Instant?
    /// The node that was welcomed last, and the digest of the version sent to it.
    var justWelcomed: (node: UniqueAddress, digest: UInt64)?
    /// The peers that have sent older versions, and got this one in answer.
    private var answered: (digest: UInt64, peers: [UniqueAddress]) = (0, [])
    /// The version that this node relays, the receivers, and the node that it relays for.
    var relayed: Relayed?

    /// This node has changed something.
    mutating func begin(_ digest: UInt64) {
        origin = .own
        originated = digest
    }

    /// A newer version has come.
    mutating func receive(from peer: UniqueAddress) {
        origin = .received(from: peer)
        hasUnsentMarks = false
    }

    /// Whether a peer that sent an older version has not got this one in answer yet; from now on it has.
    mutating func mayAnswer(_ peer: UniqueAddress, with digest: UInt64) -> Bool {
        if answered.digest != digest { answered = (digest, []) }
        return answered.peers.insertSorted(peer)
    }

    /// The relay of this version, if all that it was relayed to have it. It is over then.
    mutating func finishRelay(of digest: UInt64, seen: [UniqueAddress]) -> Relayed? {
        guard let relayed, relayed.digest == digest, relayed.to.allSatisfy({ seen.sortedContains($0) }) else {
            return nil
        }
        self.relayed = nil
        return relayed
    }
}

/// A version that this node has passed on for another one.
struct Relayed: Sendable {
    let digest: UInt64
    /// The node that asked for the relay, and is notified when all have the version.
    let origin: UniqueAddress
    /// The nodes that it was relayed to, sorted.
    let to: [UniqueAddress]
}

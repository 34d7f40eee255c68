import CastyCore

/// What a node says that is no member in this node's view. The news of its joining may be on the way here: what it says waits for a moment, within
/// a bound, and then counts as said by a stranger.
struct UnknownMessage<Payload: Sendable>: Sendable {
    var node: UniqueAddress
    var message: PeerMessage<Payload>
    var since: Instant
}

extension Region {
    /// The most messages of unknown nodes that wait here.
    static var unknownLimit: Int { 256 }

    /// Whether what the node says counts, or is known to come too late.
    func isKnown(_ node: UniqueAddress) -> Bool {
        node == own || view.member(node) != nil || removed.contains(node) || settings.mutations.contains(.obeysAnyone)
    }

    /// Whether the node has been a member, as far as is remembered, and can never be one again.
    func isGone(_ node: UniqueAddress) -> Bool {
        guard view.member(node) == nil else { return false }
        return removed.contains(node) || view.removed.containsSorted(node)
    }

    mutating func keepUnknown(
        _ message: PeerMessage<Payload>, from node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        guard !isShutDown, unknown.count < Self.unknownLimit, !view.removed.containsSorted(node) else {
            refuse(message, &effects)
            return
        }
        unknown.append(UnknownMessage(node: node, message: message, since: now))
        wake(by: now + settings.unknownBound)
    }

    /// Takes what came from nodes that are members by now, and refuses what has waited for long enough.
    mutating func lookAtUnknown(at now: Instant, _ effects: inout Effects) {
        guard !unknown.isEmpty else { return }
        let waiting = unknown
        unknown = []
        for item in waiting {
            if isKnown(item.node) {
                receive(item.message, from: item.node, at: now, &effects)
            } else if isShutDown || item.since + settings.unknownBound <= now {
                refuse(item.message, &effects)
            } else {
                unknown.append(item)
                wake(by: item.since + settings.unknownBound)
            }
        }
    }

    /// Accounts for the user's message in it; nothing is answered.
    private func refuse(_ message: PeerMessage<Payload>, _ effects: inout Effects) {
        switch message {
        case .deliver(let delivery), .notHome(let delivery, _):
            let (entity, shard) = place(of: delivery.entity)
            effects.append(.lost(delivery.payload, entity: entity, shard: shard, .notMember))
        case .streamEnd, .streamClosed, .transferred, .passivate: break
        }
    }
}

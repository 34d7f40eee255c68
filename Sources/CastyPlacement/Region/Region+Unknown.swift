import CastyCore

/// A message from a node that is not a member in this node's view. The node may be joining, and the news of it may be
/// on the way: the message waits for a bounded time, and then counts as sent by a non-member.
struct UnknownMessage<Payload: Sendable>: Sendable {
    var node: UniqueAddress
    var message: PeerMessage<Payload>
    var since: Instant
}

extension Region {
    /// The most messages from unknown nodes that wait here.
    static var unknownLimit: Int { 256 }

    /// Whether messages from the node are handled now: it is a member, or is known to be removed.
    func isKnown(_ node: UniqueAddress) -> Bool {
        node == own || view.member(node) != nil || removed.contains(node) || settings.mutations.contains(.obeysAnyone)
    }

    /// Whether the node is known to be removed, and so can never be a member again.
    func isGone(_ node: UniqueAddress) -> Bool {
        guard view.member(node) == nil else { return false }
        return removed.contains(node) || view.removed.sortedContains(node)
    }

    mutating func keepUnknown(
        _ message: PeerMessage<Payload>, from node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        guard !isShutDown, unknown.count < Self.unknownLimit, !view.removed.sortedContains(node) else {
            refuse(message, &effects)
            return
        }
        unknown.append(UnknownMessage(node: node, message: message, since: now))
        wake(by: now + settings.unknownBound)
    }

    /// Handles messages of nodes that have become members, and refuses those that have waited too long.
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

    /// Records the user's message in it as lost; sends no answer.
    private func refuse(_ message: PeerMessage<Payload>, _ effects: inout Effects) {
        switch message {
        case .deliver(let delivery), .notHome(let delivery, _):
            let (entity, shard) = canonical(of: delivery.entity)
            effects.append(.lost(delivery.payload, entity: entity, shard: shard, .notMember))
        case .streamEnd, .streamClosed, .transferred, .passivate: break
        }
    }
}

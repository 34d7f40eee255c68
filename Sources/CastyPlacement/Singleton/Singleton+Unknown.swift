import CastyCore

/// Messages from nodes that are not members in this node's view. As in ``Region``, they wait for a bounded time, in
/// which the news of the joining may arrive, and are then refused.
extension Singleton {
    /// The most such messages that wait here.
    static var unknownLimit: Int { 256 }

    /// Whether messages from the node are handled now.
    func isKnown(_ node: UniqueAddress) -> Bool {
        node == own || view.member(node) != nil || settings.mutations.contains(.obeysAnyone)
    }

    mutating func keepUnknown(_ message: Buffered, since now: Instant, _ effects: inout Effects) {
        let isGone = message.from.map(view.removed.sortedContains) ?? false
        guard lifecycle != .shutDown, unknown.count < Self.unknownLimit, !isGone else {
            effects.append(.lost(message.payload, .notMember))
            return
        }
        unknown.append((message, now))
    }

    /// Handles messages of nodes that have become members, and refuses those that have waited too long.
    mutating func lookAtUnknown(at now: Instant, _ effects: inout Effects) {
        guard !unknown.isEmpty else { return }
        let waiting = unknown
        unknown = []
        for (message, since) in waiting {
            if let node = message.from, isKnown(node) {
                take(message, at: now, &effects)
            } else if since + settings.unknownBound <= now {
                effects.append(.lost(message.payload, .notMember))
            } else {
                unknown.append((message, since))
                wake(by: since + settings.unknownBound)
            }
        }
    }
}

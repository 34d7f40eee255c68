import CastyCore

/// Messages of nodes that are no members in this node's view: as a ``Region`` does, the singleton keeps them for a moment, in which the news of
/// the joining may come, and then refuses them.
extension Singleton {
    /// The most of them that wait here.
    static var unknownLimit: Int { 256 }

    /// Whether what the node says counts.
    func isKnown(_ node: UniqueAddress) -> Bool {
        node == own || view.member(node) != nil || settings.mutations.contains(.obeysAnyone)
    }

    mutating func keepUnknown(_ message: Kept, since now: Instant, _ effects: inout Effects) {
        let isGone = message.from.map(view.removed.containsSorted) ?? false
        guard !isShutDown, unknown.count < Self.unknownLimit, !isGone else {
            effects.append(.lost(message.payload, .notMember))
            return
        }
        unknown.append((message, now))
    }

    /// Takes what came from nodes that are members by now, and refuses what has waited for long enough.
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

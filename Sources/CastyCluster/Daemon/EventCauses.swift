import CastyCore
import CastyObservability

/// Remembers the latest event about each member, so that the next one can name its cause.
struct EventCauses: Sendable {
    private var latest: [UniqueAddress: EventID] = [:]
    /// Removed members, the latest last: events that follow from a removal still need its id for a while.
    private var removed: [UniqueAddress] = []

    private static let mostRemoved = 256

    /// The latest event about a member that this node saw.
    func latest(about node: UniqueAddress) -> EventID? { latest[node] }

    /// The events that the next event about this member follows from, as far as this node saw them.
    func leading(to subject: UniqueAddress?) -> [EventID] {
        guard let subject, let id = latest[subject] else { return [] }
        return [id]
    }

    /// - Parameter isLast: Whether the member is gone, and no more events about it are expected.
    mutating func note(_ id: EventID, about subject: UniqueAddress?, isLast: Bool = false) {
        guard let subject else { return }
        latest[subject] = id
        guard isLast else { return }
        removed.append(subject)
        if removed.count > Self.mostRemoved { latest[removed.removeFirst()] = nil }
    }
}

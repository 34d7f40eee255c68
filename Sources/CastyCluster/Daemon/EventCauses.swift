import CastyInspection
import CastyPrimitives

/// Remembers the latest event about each member, so that the next one can name what led to it.
struct EventCauses {
    private var latest: [UniqueAddress: EventID] = [:]

    /// What the event about this member follows from, as far as this node saw it.
    func leading(to subject: UniqueAddress?) -> [EventID] {
        guard let subject, let id = latest[subject] else { return [] }
        return [id]
    }

    mutating func note(_ id: EventID, about subject: UniqueAddress?) {
        if let subject { latest[subject] = id }
    }
}

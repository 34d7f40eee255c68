/// The events of entities in memory. An offset is the number of an event among all; every query has the same order, that
/// in which they were appended.
struct InMemoryEventLog: Sendable {
    private struct Entity: Hashable {
        let type: String
        let id: String

        init(_ key: EntityKey) {
            (type, id) = (key.type, key.id)
        }
    }

    private struct Events {
        /// The number of the last event that ever was.
        var last: UInt64 = 0
        /// Those that are not deleted, in order.
        var events: [StoredEvent] = []
    }

    private var byEntity: [Entity: Events] = [:]
    /// All events in the order of their appends; `nil` where one was deleted.
    private var all: [StoredEvent?] = []
    /// Where each entity's events are in the order of all, by number.
    private var places: [Entity: [UInt64: Int]] = [:]

    mutating func append(
        _ records: [EventRecord], after sequence: UInt64, for key: EntityKey
    ) throws(EntityStoreError) {
        let entity = Entity(key)
        var known = byEntity[entity] ?? Events()
        guard known.last == sequence else { throw .conflict(key, after: sequence, last: known.last) }
        for record in records {
            known.last += 1
            let event = StoredEvent(type: key.type, entity: key.id, sequence: known.last, record: record)
            known.events.append(event)
            places[entity, default: [:]][known.last] = all.count
            all.append(event)
        }
        byEntity[entity] = known
    }

    func page(of key: EntityKey, after sequence: UInt64, limit: Int) -> EventPage {
        guard let known = byEntity[Entity(key)] else { return EventPage(events: [], last: 0) }
        // The numbers have no hole, so the place of the first one is known.
        let first = known.events.first?.sequence ?? known.last + 1
        let skipped = sequence < first ? 0 : Int(clamping: sequence - first + 1)
        return EventPage(events: Array(known.events.dropFirst(skipped).prefix(limit)), last: known.last)
    }

    mutating func delete(_ key: EntityKey, through sequence: UInt64) {
        let entity = Entity(key)
        guard var known = byEntity[entity] else { return }
        let count = known.events.prefix { $0.sequence <= sequence }.count
        for event in known.events.prefix(count) {
            if let place = places[entity]?.removeValue(forKey: event.sequence) { all[place] = nil }
        }
        known.events.removeFirst(count)
        byEntity[entity] = known
    }

    func batch(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) throws(EntityStoreError) -> EventBatch {
        var index = 0
        if offset != .start {
            guard let number = Int(offset.description), (0...all.count).contains(number) else {
                throw EntityStoreError(.corrupt, "\(offset) is no offset of this store")
            }
            index = number
        }
        var found: [EventBatch.Element] = []
        while index < all.count, found.count < limit {
            if let event = all[index], filter.matches(event) {
                found.append(EventBatch.Element(event, at: EventOffset("\(index + 1)")))
            }
            index += 1
        }
        return EventBatch(events: found, next: EventOffset("\(index)"), isEnd: index == all.count)
    }
}

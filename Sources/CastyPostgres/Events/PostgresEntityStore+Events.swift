public import CastySharding
import Dispatch

/// Events stand in tables beside the states. An offset names a transaction and a position; all queries have the same
/// order.
extension PostgresEntityStore: EventStore {
    /// Appends events of one entity, all or none.
    public func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await writer.change(.append(events, after: sequence), key, fence)
    }

    /// Deletes the events of an entity up to and including a number.
    public func deleteEvents(
        of key: EntityKey, through sequence: UInt64, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await writer.change(.deleteEvents(through: sequence), key, fence)
    }

    /// The first events of an entity with a number above `sequence`, in order.
    public func events(
        of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> EventPage {
        let rows = try await read(
            [statements.head(of: key), statements.events(of: key, after: sequence, limit: limit)], of: key, fence)
        return EventPage(events: try Self.events(rows[2]), last: rows[1].number(0) ?? 0)
    }

    /// The first events of all entities that match a filter and come after an offset.
    ///
    /// Events that others may still precede are waited for shortly; where that takes long, the batch is empty and not
    /// the end.
    public func events(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) async throws(EntityStoreError) -> EventBatch {
        let place = try Self.place(offset)
        for attempt in 0..<20 {
            let statement = statements.events(matching: filter, after: place, limit: limit)
            // What is held back is asked first: what is committed in between then shows in the events.
            let rows = try await queries.read([statements.heldBack, statement])
            let events = try Self.events(rows[1])
            var elements: [EventBatch.Element] = []
            for (row, event) in events.enumerated() {
                let text = "\(rows[1].text(7, row: row) ?? "").\(rows[1].text(8, row: row) ?? "")"
                elements.append(EventBatch.Element(event, at: EventOffset(text)))
            }
            let isEnd = events.count < limit && rows[0].isEmpty
            if isEnd || !events.isEmpty || attempt == 19 {
                return EventBatch(events: elements, next: elements.last?.offset ?? offset, isEnd: isEnd)
            }
            await pause(milliseconds: 10)
        }
        return EventBatch(events: [], next: offset, isEnd: false)
    }

    private func pause(milliseconds: Int) async {
        await withUnsafeContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { continuation.resume() }
        }
    }

    private static func events(_ rows: Rows) throws(EntityStoreError) -> [StoredEvent] {
        var events: [StoredEvent] = []
        for row in 0..<rows.count {
            guard let event = rows.event(row) else {
                throw EntityStoreError(.corrupt, "an event in the database cannot be read")
            }
            events.append(event)
        }
        return events
    }

    private static func place(_ offset: EventOffset) throws(EntityStoreError) -> (transaction: UInt64, position: Int64)
    {
        if offset == .start { return (0, 0) }
        let parts = offset.description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let transaction = UInt64(parts[0]), let position = Int64(parts[1]) else {
            throw EntityStoreError(.corrupt, "'\(offset)' is no offset of this store")
        }
        return (transaction, position)
    }
}

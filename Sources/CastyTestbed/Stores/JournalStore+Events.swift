import CastyCore
import CastyPlacement
package import CastySharding
import Synchronization

/// Events on the shared disk, in a fixed number of journals: that of an event follows from the entity's id, whatever the
/// number of shards. A batch is one record, so that it is torn as a whole.
///
/// A query reads one journal after the other, and its offset says how far each has been read: events of one entity
/// come in order, those of different entities in none.
extension JournalStore: EventStore {
    private static let journals = 16
    /// Between the check of a token and the write that it allows, nothing of another node comes: on threads too.
    static let commits = Mutex<Void>(())

    /// What the records of one entity say.
    private struct EntityLog {
        var last: UInt64 = 0
        var deleted: UInt64 = 0
        var events: [StoredEvent] = []
        /// The number and the content of the last event: by these the oracle tells whether it is the one it knows.
        var state: [UInt8]?
    }

    package func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await append(events, after: sequence, for: key, fence, wake: .none)
    }

    /// Appends events, and sets when the entity must run again.
    func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, _ fence: ShardFence, wake: WakeChange
    ) async throws(EntityStoreError) {
        let last = sequence + UInt64(events.count)
        let (state, known) = (Self.state(last, events.last), Self.oracleKey(key))
        let call = oracle.writes(state, of: known)
        try await operate { () throws(EntityStoreError) in
            try Self.commits.withLock { _ throws(EntityStoreError) in
                try pass(fence, for: key)
                let log = try self.log(of: key)
                guard log.last == sequence else { throw .conflict(key, after: sequence, last: log.last) }
                do throws(EntityStoreError) {
                    try withWake(wake, of: key) { () throws(EntityStoreError) in
                        try write(
                            .appended(type: key.type, id: key.id, first: sequence + 1, events),
                            for: key)
                    }
                } catch {
                    guard acknowledgesUnwritten else { throw error }
                }
                oracle.wrote(state, of: known, on: node, fence, call: call)
            }
        }
    }

    package func events(
        of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> EventPage {
        let known = Self.oracleKey(key)
        let call = oracle.loads(known)
        let found = try await operate { () throws(EntityStoreError) in
            try Self.commits.withLock { _ throws(EntityStoreError) in
                try pass(fence, for: key)
                let log = try self.log(of: key)
                oracle.loaded(log.state, of: known, on: node, fence, call: call)
                return log
            }
        }
        let events = found.events.filter { $0.sequence > max(sequence, found.deleted) }
        return EventPage(events: Array(events.prefix(limit)), last: found.last)
    }

    package func deleteEvents(
        of key: EntityKey, through sequence: UInt64, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await operate { () throws(EntityStoreError) in
            try Self.commits.withLock { _ throws(EntityStoreError) in
                try pass(fence, for: key)
                let through = min(sequence, try log(of: key).last)
                try write(.deleted(type: key.type, id: key.id, through: through), for: key)
            }
        }
    }

    package func events(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) async throws(EntityStoreError) -> EventBatch {
        var positions = try Self.positions(offset)
        var found: [EventBatch.Element] = []
        for journal in 0..<Self.journals {
            let records = try records(in: journal)
            var deleted: [[String]: UInt64] = [:]
            for case .deleted(let type, let id, let through) in records {
                deleted[[type, id]] = max(through, deleted[[type, id]] ?? 0)
            }
            for (index, event) in records.flatMap(Self.events).enumerated().dropFirst(positions[journal]) {
                guard found.count < limit else {
                    return EventBatch(events: found, next: Self.offset(positions), isEnd: false)
                }
                positions[journal] = index + 1
                guard filter.matches(event), event.sequence > deleted[[event.type, event.entity]] ?? 0 else { continue }
                found.append(EventBatch.Element(event, at: Self.offset(positions)))
            }
        }
        return EventBatch(events: found, next: Self.offset(positions), isEnd: true)
    }

    // MARK: Journals

    private static func journal(of id: String) -> Int { StableHash.shard(of: id, count: journals) }

    private static func name(_ journal: Int) -> String { "events \(journal)" }

    /// The records of a journal. What was decoded before is not decoded again: journals only grow.
    private func records(in journal: Int) throws(EntityStoreError) -> [LogRecord] {
        let name = Self.name(journal)
        let raw = try use(name) { journal throws(EntityStoreError) in try journal.read() }
        var known = decoded.withLock { $0[journal] } ?? DecodedJournal()
        if !raw.starts(with: known.raw) { known = DecodedJournal() }
        for bytes in raw.dropFirst(known.raw.count) {
            guard let record = LogRecord(bytes) else {
                throw EntityStoreError(.corrupt, "\(name): a record cannot be decoded")
            }
            known.records.append(record)
        }
        known.raw = raw
        let now = known
        decoded.withLock { $0[journal] = now }
        return now.records
    }

    private func write(_ record: LogRecord, for key: EntityKey) throws(EntityStoreError) {
        try use(Self.name(Self.journal(of: key.id))) { journal throws(EntityStoreError) in
            try journal.append(record.bytes)
        }
    }

    private func log(of key: EntityKey) throws(EntityStoreError) -> EntityLog {
        var log = EntityLog()
        for record in try records(in: Self.journal(of: key.id)) where record.isOf(key) {
            for event in Self.events(in: record) {
                guard event.sequence == log.last + 1 else {
                    throw EntityStoreError(.corrupt, "event \(event.sequence) of \(key.id) follows \(log.last)")
                }
                log.last = event.sequence
                log.events.append(event)
            }
            if case .deleted(_, _, let through) = record { log.deleted = max(log.deleted, through) }
        }
        log.state = log.events.last.map { Self.state($0.sequence, $0.record) }
        return log
    }

    private static func events(in record: LogRecord) -> [StoredEvent] {
        guard case .appended(let type, let id, let first, let events) = record else { return [] }
        return events.enumerated().map {
            StoredEvent(type: type, entity: id, sequence: first + UInt64($0.offset), record: $0.element)
        }
    }

    // MARK: The oracle

    private static func state(_ sequence: UInt64, _ last: EventRecord?) -> [UInt8] {
        Array("event \(sequence): ".utf8) + (last?.payload ?? [])
    }

    /// The oracle knows the log of an entity beside its snapshot, which is its state.
    private static func oracleKey(_ key: EntityKey) -> EntityKey {
        EntityKey(type: "events of \(key.type)", id: key.id, shards: key.shards)
    }

    // MARK: Offsets

    private static func offset(_ positions: [Int]) -> EventOffset {
        EventOffset(positions.map(String.init).joined(separator: ","))
    }

    private static func positions(_ offset: EventOffset) throws(EntityStoreError) -> [Int] {
        if offset == .start { return Array(repeating: 0, count: journals) }
        let numbers = offset.description.split(separator: ",").compactMap { Int($0) }
        guard numbers.count == journals, numbers.allSatisfy({ $0 >= 0 }) else {
            throw EntityStoreError(.corrupt, "\(offset) is no offset of this store")
        }
        return numbers
    }
}

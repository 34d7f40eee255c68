package import CastyCore
package import CastySharding

/// The stores of one node of a testbed, with reminders: ``JournalStore``, which also writes when entities must run again.
///
/// A class of its own, because a node looks for something due wherever the store of a type keeps reminders.
package final class RemindingJournalStore: RemindingEventStore {
    private let journals: JournalStore
    /// A deliberate bug: no entity is found that must run again.
    private let forgetsWakes: Bool

    /// Creates the stores of a node on its journals.
    ///
    /// - Parameter forgetsWakes: A deliberate bug: no entity is found that must run again.
    package init(_ journals: JournalStore, forgetsWakes: Bool = false) {
        self.journals = journals
        self.forgetsWakes = forgetsWakes
    }

    package func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        try await journals.load(key, fence: fence)
    }

    package func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await journals.put(state, for: key, fence, wake: .at(nil))
    }

    package func save(
        _ state: [UInt8], for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await journals.put(state, for: key, fence, wake: .at(wakeAt))
    }

    package func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await journals.put(nil, for: key, fence, wake: .at(nil))
    }

    package func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await journals.append(events, after: sequence, for: key, fence: fence)
    }

    package func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await journals.append(events, after: sequence, for: key, fence, wake: .at(wakeAt))
    }

    package func events(
        of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> EventPage {
        try await journals.events(of: key, after: sequence, limit: limit, fence: fence)
    }

    package func deleteEvents(
        of key: EntityKey, through sequence: UInt64, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await journals.deleteEvents(of: key, through: sequence, fence: fence)
    }

    package func events(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) async throws(EntityStoreError) -> EventBatch {
        try await journals.events(matching: filter, after: offset, limit: limit)
    }

    package func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) async throws(EntityStoreError) -> [EntityWake] {
        if forgetsWakes { return [] }
        return try await journals.wakes(of: type, through: time, after: after, limit: limit)
    }
}

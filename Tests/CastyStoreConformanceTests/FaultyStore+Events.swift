import CastyCore
import CastySharding

extension FaultyStore {
    func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await append(events, after: sequence, for: key, fence: fence, change: nil)
    }

    func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await append(events, after: sequence, for: key, fence: fence, change: .some(wakeAt))
    }

    private func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence, change: WallTime??
    ) async throws(EntityStoreError) {
        let (store, key) = (store, self.key(key, fence))
        let token = try await token(fence, key, .append)
        var (records, last) = (events, sequence)
        switch fault {
        case .losesTheSecondOfABatch where records.count > 1: records.remove(at: 1)
        case .appendsAfterAnyEvent: last = try await store.events(of: key, after: 0, limit: 1, fence: token).last
        case .forgetsVersions:
            records = records.map { EventRecord(payload: $0.payload, manifest: $0.manifest, tags: $0.tags) }
        default: break
        }
        let (all, after) = (records, last)
        try await write { () throws(EntityStoreError) in
            try await store.append([all[0]], after: after, for: key, fence: token)
        } _: { () throws(EntityStoreError) in
            switch change {
            case .none: try await store.append(all, after: after, for: key, fence: token)
            case .some(let time): try await store.append(all, after: after, for: key, fence: token, wakeAt: time)
            }
        }
    }

    func events(
        of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> EventPage {
        let key = self.key(key, fence)
        let most = fault == .ignoresLimits ? 1_000_000 : limit
        return try await store.events(of: key, after: sequence, limit: most, fence: token(fence, key, .load))
    }

    func deleteEvents(
        of key: EntityKey, through sequence: UInt64, fence: ShardFence
    ) async throws(EntityStoreError) {
        let (store, key) = (store, self.key(key, fence))
        let token = try await token(fence, key, .delete)
        if fault == .forgetsDeletesOfEvents { return }
        try await write { () throws(EntityStoreError) in
            try await store.deleteEvents(of: key, through: sequence, fence: token)
        }
    }

    func events(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) async throws(EntityStoreError) -> EventBatch {
        var wanted = filter
        if fault == .ignoresTags { wanted.tag = nil }
        let batch = try await store.events(matching: wanted, after: offset, limit: limit)
        guard fault == .skipsAnEventAfterAnOffset, offset != .start else { return batch }
        return EventBatch(events: Array(batch.events.dropFirst()), next: batch.next, isEnd: batch.isEnd)
    }
}

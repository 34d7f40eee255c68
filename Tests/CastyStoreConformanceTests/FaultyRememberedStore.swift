import CastySharding
import Synchronization

/// A store of remembered entities in memory that is right but for one fault.
final class FaultyRememberedStore: RememberedEntityStore {
    private struct Change {
        let change: RememberedChange
        let shard: StoreShard
        let fence: ShardFence
    }

    private let medium: RememberedMedium
    private let store: InMemoryRememberedEntityStore
    private let crashesAt: Int
    private let writes = Mutex(0)
    /// What was acknowledged and is not yet written.
    private let waiting = Mutex<Change?>(nil)
    private let tokens = Mutex(FenceTable())

    init(_ medium: RememberedMedium, _ store: InMemoryRememberedEntityStore, crashesAt: Int) {
        (self.medium, self.store, self.crashesAt) = (medium, store, crashesAt)
    }

    /// The shard as the store has it.
    private func shard(_ shard: StoreShard, _ fence: ShardFence) -> StoreShard {
        switch medium.fault {
        case .separatesNumbersOfShards:
            StoreShard(type: "\(shard.type)-\(shard.count)", number: shard.number, of: shard.count)
        case .separatesClusters:
            StoreShard(type: "\(shard.type)-\(fence.cluster)", number: shard.number, of: shard.count)
        default: shard
        }
    }

    /// Compares a token, or leaves that to the store.
    ///
    /// - Returns: The token for the store.
    private func token(
        _ fence: ShardFence, _ shard: StoreShard, isRead: Bool
    ) async throws(EntityStoreError) -> ShardFence {
        guard medium.fault.comparesTokens else { return fence }
        let key = EntityKey(type: shard.type, id: "", shard: shard.number, of: shard.count)
        switch medium.fault {
        case .ignoresTokens: break
        case .changesForFormerOwners where !isRead: break
        case .doesNotWriteTokensOfReads where isRead: try medium.compare(fence, for: key)
        case .eachOpenerHasItsOwnTokens:
            try tokens.withLock { tokens throws(EntityStoreError) in try tokens.pass(fence, for: key) }
        case .checksTokensBeforeItWaits where !isRead:
            try medium.pass(fence, for: key)
            // Until another owner comes, and then until that has read.
            var waits = 0
            while medium.highest <= fence.sequence, waits < 50 {
                await Task.yield()
                waits += 1
            }
            for _ in 0..<20 where waits < 50 { await Task.yield() }
        default: try medium.pass(fence, for: key)
        }
        return ShardFence(cluster: fence.cluster, upNumber: 1, start: 1, sequence: 1)
    }

    func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage {
        let shard = self.shard(shard, fence)
        let token = try await token(fence, shard, isRead: true)
        let page = try await store.load(shard, after: cursor, limit: limit, fence: token)
        switch medium.fault {
        case .hasOnePage: return RememberedPage(page.entities)
        case .repeatsAnEntity where cursor != nil && page.next == nil:
            return RememberedPage(page.entities + page.entities.prefix(1))
        default: return page
        }
    }

    func record(
        _ change: RememberedChange, in shard: StoreShard, fence: ShardFence
    ) async throws(EntityStoreError) {
        let shard = self.shard(shard, fence)
        let change = Change(change: change, shard: shard, fence: try await token(fence, shard, isRead: false))
        let number = writes.withLock { writes in
            writes += 1
            return writes
        }
        guard number < crashesAt else { throw EntityStoreError(.unavailable, "crashed", isOutcomeUnknown: true) }
        switch medium.fault {
        case .forgetsStops:
            if case .started = change.change { try await write(change) }
        case .acknowledgesBeforeItWrites:
            let former = waiting.withLock { waiting in
                let former = waiting
                waiting = change
                return former
            }
            if let former { try await write(former) }
        case .losesWhatComesAtOnce:
            defer { _ = medium.count(-1) }
            _ = medium.count(1)
            for _ in 0..<20 { await Task.yield() }
            if medium.count(0) == 1 { try await write(change) }
        default: try await write(change)
        }
    }

    private func write(_ change: Change) async throws(EntityStoreError) {
        try await store.record(change.change, in: change.shard, fence: change.fence)
    }
}

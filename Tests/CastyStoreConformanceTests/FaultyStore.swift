import CastyCore
import CastySharding
import Synchronization

/// A store in memory that is right but for one fault.
final class FaultyStore: RemindingEventStore {
    enum Call { case load, save, delete, append }

    typealias Write = @Sendable () async throws(EntityStoreError) -> Void

    let fault: Fault
    let store: InMemoryEntityStore
    private let medium: FaultyMedium
    private let crashesAt: Int
    private let writes = Mutex(0)
    /// What was acknowledged and is not yet written.
    private let waiting = Mutex<Write?>(nil)
    private let tokens = Mutex(FenceTable())

    init(_ medium: FaultyMedium, _ store: InMemoryEntityStore, crashesAt: Int) {
        (fault, self.medium, self.store, self.crashesAt) = (medium.fault, medium, store, crashesAt)
    }

    /// The key as the store has it.
    func key(_ key: EntityKey, _ fence: ShardFence) -> EntityKey {
        switch fault {
        case .ignoresTypes: EntityKey(type: "one", id: key.id, shards: key.shards)
        case .cutsIDsAtZero:
            EntityKey(type: key.type, id: String(key.id.prefix { $0 != "\u{0}" }), shards: key.shards)
        case .separatesNumbersOfShards: EntityKey(type: "\(key.type)-\(key.shards)", id: key.id, shards: key.shards)
        case .separatesClusters: EntityKey(type: "\(key.type)-\(fence.cluster)", id: key.id, shards: key.shards)
        default: key
        }
    }

    /// Compares a token, or leaves that to the store.
    ///
    /// - Returns: The token for the store.
    func token(_ fence: ShardFence, _ key: EntityKey, _ call: Call) async throws(EntityStoreError) -> ShardFence {
        guard fault.comparesTokens else { return fence }
        switch (fault, call) {
        case (.ignoresTokens, _), (.savesForFormerOwners, .save), (.savesForFormerOwners, .append),
            (.deletesForFormerOwners, .delete):
            break
        case (.ignoresCoordinators, _):
            let token = ShardFence(cluster: fence.cluster, upNumber: 1, start: 1, sequence: fence.sequence)
            try medium.pass(token, for: key)
        case (.doesNotWriteTokensOfReads, .load): try medium.compare(fence, for: key)
        case (.eachOpenerHasItsOwnTokens, _):
            try tokens.withLock { tokens throws(EntityStoreError) in try tokens.pass(fence, for: key) }
        case (.checksTokensBeforeItWaits, .save), (.checksTokensBeforeItWaits, .append):
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
        return ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)
    }

    /// Makes a write, unless this opener crashes at it or has crashed before.
    ///
    /// - Parameter part: A part of the write.
    func write(part: Write? = nil, _ write: @escaping Write) async throws(EntityStoreError) {
        let number = writes.withLock { writes in
            writes += 1
            return writes
        }
        if number == crashesAt, fault == .writesBatchesInParts { try? await part?() }
        guard number < crashesAt else { throw EntityStoreError(.unavailable, "crashed", isOutcomeUnknown: true) }
        switch fault {
        case .acknowledgesBeforeItWrites:
            let former = waiting.withLock { waiting in
                let former = waiting
                waiting = write
                return former
            }
            try? await former?()
        case .losesWhatComesAtOnce:
            defer { _ = medium.count(-1) }
            _ = medium.count(1)
            for _ in 0..<20 { await Task.yield() }
            if medium.count(0) == 1 { try await write() }
        default: try await write()
        }
    }

    // MARK: States

    func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        let key = self.key(key, fence)
        return try await store.load(key, fence: token(fence, key, .load))
    }

    func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await save(state, for: key, fence: fence, wakeAt: nil)
    }

    func save(
        _ state: [UInt8], for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        let (store, key) = (store, self.key(key, fence))
        let token = try await token(fence, key, .save)
        try await write { () throws(EntityStoreError) in
            try await store.save(state, for: key, fence: token, wakeAt: wakeAt)
        }
    }

    func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        let (store, key) = (store, self.key(key, fence))
        let token = try await token(fence, key, .delete)
        if fault == .forgetsDeletes { return }
        try await write { () throws(EntityStoreError) in try await store.delete(key, fence: token) }
    }

    func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) async throws(EntityStoreError) -> [EntityWake] {
        if fault == .forgetsTimes { return [] }
        return try await store.wakes(of: type, through: time, after: after, limit: limit)
    }
}

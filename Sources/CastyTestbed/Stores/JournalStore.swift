import CastyCore
package import CastySharding
package import CastySimulator
import Synchronization

/// The stores of one node of a testbed, on a disk that all nodes share: one journal per entity, one per shard for
/// its remembered entities, and some for events.
package final class JournalStore: EntityStore, RememberedEntityStore {
    /// A longer journal is rewritten.
    static let tidyLength = 4096

    private let disk: SimulatedDisk
    let node: String
    let oracle: DurableOracle
    /// Takes the time of half an operation.
    private let pause: @Sendable () async -> Void
    private let lock: StoreLock.Access
    /// A deliberate bug: no token is refused.
    private let ignoresFences: Bool
    /// A deliberate bug: events count as appended though the disk has refused them.
    let acknowledgesUnwritten: Bool
    /// Whether a cluster that is founded anew takes the disk over, with its tokens.
    private let changesCluster: Bool
    private let journals = Mutex<[String: Journal]>([:])
    let decoded = Mutex<[Int: DecodedJournal]>([:])

    /// Creates the stores of a node.
    ///
    /// - Parameters:
    ///   - lock: That of the disk.
    ///   - pause: Takes the time of half an operation.
    ///   - ignoresFences: A deliberate bug: no token is refused.
    ///   - acknowledgesUnwritten: A deliberate bug: events count as appended though the disk has refused them.
    ///   - changesCluster: Whether a cluster that is founded anew takes the disk over. Otherwise the disk belongs to
    ///     the first one.
    package init(
        _ disk: SimulatedDisk, node: String, oracle: DurableOracle, ignoresFences: Bool = false,
        acknowledgesUnwritten: Bool = false, changesCluster: Bool = false, lock: StoreLock.Access = StoreLock.Access(),
        pause: @escaping @Sendable () async -> Void = {}
    ) {
        self.disk = disk
        self.node = node
        self.oracle = oracle
        self.ignoresFences = ignoresFences
        self.acknowledgesUnwritten = acknowledgesUnwritten
        self.changesCluster = changesCluster
        self.lock = lock
        self.pause = pause
    }

    /// Runs an operation, which takes its time before and after what it does, and may hold the lock of the disk from then on.
    func operate<Result>(_ body: () throws(EntityStoreError) -> Result) async throws(EntityStoreError) -> Result {
        await pause()
        let holder = await lock.lock.enter(node, holds: lock.holds())
        defer { lock.lock.leave(holder) }
        let result = try body()
        await pause()
        return result
    }

    func use<Result: Sendable>(
        _ name: String, _ body: (Journal) throws(EntityStoreError) -> Result
    ) throws(EntityStoreError) -> Result {
        try journals.withLock { journals throws(EntityStoreError) in
            let journal = journals[name] ?? Journal(disk, name: name, node: node)
            journals[name] = journal
            return try body(journal)
        }
    }

    // MARK: States

    package func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        let call = oracle.loads(key)
        return try await operate { () throws(EntityStoreError) in
            try Self.commits.withLock { _ throws(EntityStoreError) in
                try pass(fence, for: key)
                let state = try read(key)
                oracle.loaded(state, of: key, on: node, fence, call: call)
                return state
            }
        }
    }

    package func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await put(state, for: key, fence, wake: .none)
    }

    package func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await put(nil, for: key, fence, wake: .none)
    }

    /// Saves a state, or that there is none, and when the entity must run again.
    func put(
        _ state: [UInt8]?, for key: EntityKey, _ fence: ShardFence, wake: WakeChange
    ) async throws(EntityStoreError) {
        let call = oracle.writes(state, of: key)
        try await operate { () throws(EntityStoreError) in
            try Self.commits.withLock { _ throws(EntityStoreError) in
                try pass(fence, for: key)
                try withWake(wake, of: key) { () throws(EntityStoreError) in
                    // A record that begins with `=` is a state, an empty one says that there is none.
                    try append(state.map { [UInt8(ascii: "=")] + $0 } ?? [], for: key)
                }
                oracle.wrote(state, of: key, on: node, fence, call: call)
            }
        }
    }

    private func read(_ key: EntityKey) throws(EntityStoreError) -> [UInt8]? {
        let latest = try use(Self.name(key)) { journal throws(EntityStoreError) in try journal.read().last }
        return latest.flatMap { $0.isEmpty ? nil : Array($0.dropFirst()) }
    }

    private func append(_ record: [UInt8], for key: EntityKey) throws(EntityStoreError) {
        try use(Self.name(key)) { journal throws(EntityStoreError) in
            if journal.length > Self.tidyLength {
                try journal.rewrite([record])
            } else {
                try journal.append(record)
            }
        }
    }

    /// Refuses a token lower than the highest of the shard, and writes a higher one down.
    func pass(_ fence: ShardFence, for key: EntityKey) throws(EntityStoreError) {
        guard !ignoresFences else { return }
        let (layout, shard) = ("\(key.type) layout", "\(key.type) fence \(key.shards) \(key.shard)")
        let count = try token(in: layout, for: fence)
        if let count, count.number != key.shards, fence.isSuperseded(by: count.fence) {
            throw .stale(key, fence, count.fence)
        }
        let known = try token(in: shard, for: fence)?.fence
        if let known, fence.isSuperseded(by: known) { throw .stale(key, fence, known) }
        if count?.number != key.shards { try note(fence, key.shards, in: layout) }
        if known != fence { try note(fence, key.shards, in: shard) }
    }

    /// The token that was written down last, and the number of shards with it; that of another cluster is none, or an
    /// error.
    private func token(
        in file: String, for fence: ShardFence
    ) throws(EntityStoreError) -> (number: Int, fence: ShardFence)? {
        try use(file) { journal throws(EntityStoreError) in
            guard let record = try journal.read().last else { return nil }
            guard let token = Self.token(of: record) else {
                throw EntityStoreError(.corrupt, "\(file) cannot be read")
            }
            guard token.fence.cluster == fence.cluster else {
                if changesCluster { return nil }
                throw .foreign(token.fence, fence)
            }
            return token
        }
    }

    private func note(_ fence: ShardFence, _ count: Int, in file: String) throws(EntityStoreError) {
        let record = Array("\(fence.cluster) \(fence.upNumber) \(fence.start) \(fence.sequence) \(count)".utf8)
        try use(file) { journal throws(EntityStoreError) in
            if journal.length > Self.tidyLength {
                try journal.rewrite([record])
            } else {
                try journal.append(record)
            }
        }
    }

    private static func token(of record: [UInt8]) -> (number: Int, fence: ShardFence)? {
        let parts = String(decoding: record, as: UTF8.self).split(separator: " ")
        guard parts.count == 5, let cluster = ClusterID(String(parts[0])), let upNumber = Int(parts[1]),
            let start = Int(parts[2]), let sequence = UInt64(parts[3]), let count = Int(parts[4])
        else { return nil }
        return (count, ShardFence(cluster: cluster, upNumber: upNumber, start: start, sequence: sequence))
    }

    private static func name(_ key: EntityKey) -> String { "\(key.type)/\(key.id)" }

    // MARK: Remembered entities

    package func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage {
        try await operate { () throws(EntityStoreError) in
            try pass(fence, for: shard.entity(""))
            let all = try use(Self.name(shard.type, shard.number)) { journal throws(EntityStoreError) in
                try Self.entities(journal.read())
            }
            let left = all.filter { id in cursor.map { $0 < id } ?? true }
            let page = Array(left.prefix(max(1, limit)))
            return RememberedPage(page, next: page.count < left.count ? page.last : nil)
        }
    }

    package func record(
        _ change: RememberedChange, in shard: StoreShard, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await operate { () throws(EntityStoreError) in
            try pass(fence, for: shard.entity(change.entity))
            try use(Self.name(shard.type, shard.number)) { journal throws(EntityStoreError) in
                if journal.length > Self.tidyLength {
                    let left = try Self.entities(journal.read())
                    try journal.rewrite(left.map { Self.record(of: .started($0)) })
                }
                try journal.append(Self.record(of: change))
            }
        }
    }

    /// The remembered entities of all shards, by name.
    func remembered(type: String, shards: Int) throws(EntityStoreError) -> [String] {
        var all: [String] = []
        for shard in 0..<shards {
            all += try use(Self.name(type, shard)) { journal throws(EntityStoreError) in
                try Self.entities(journal.read())
            }
        }
        return all.sorted()
    }

    /// The names of the files of remembered entities.
    static func names(type: String, shards: Int) -> [String] { (0..<shards).map { name(type, $0) } }

    private static func name(_ type: String, _ shard: Int) -> String { "\(type) remembered \(shard)" }

    private static func record(of change: RememberedChange) -> [UInt8] {
        switch change {
        case .started(let id): Array("+\(id)".utf8)
        case .stopped(let id): Array("-\(id)".utf8)
        }
    }

    private static func entities(_ records: [[UInt8]]) -> [String] {
        var entities: Set<String> = []
        for record in records {
            let id = String(decoding: record.dropFirst(), as: UTF8.self)
            if record.first == UInt8(ascii: "+") { entities.insert(id) } else { entities.remove(id) }
        }
        return entities.sorted()
    }
}

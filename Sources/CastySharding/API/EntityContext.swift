public import CastyCore

/// What an entity knows about itself when it starts.
public struct EntityContext: Sendable {
    /// The shard type: `account`.
    public let type: String
    /// The entity's whole id, in the form of ``EntityID/canonical(_:)``: `account-7`.
    public let id: String
    /// Its shard.
    public let shard: Int
    /// The node on which this incarnation runs.
    public let node: UniqueAddress
    /// Counts the incarnations of entities of this type on this node; no two of them share a number.
    public let incarnation: UInt64
    /// Where it saves its state; `nil` if its type has no store.
    public let store: (any EntityStore)?
    private let askToPassivate: @Sendable () -> Void
    /// Whether this node still hosts the shard, as far as it knows.
    private let mayWrite: @Sendable () -> Bool
    private let times: StoreTimes?

    package init(
        type: String, id: String, shard: Int, node: UniqueAddress, incarnation: UInt64, store: (any EntityStore)?,
        times: StoreTimes? = nil, mayWrite: @escaping @Sendable () -> Bool = { true },
        passivate: @escaping @Sendable () -> Void
    ) {
        self.mayWrite = mayWrite
        self.times = times
        self.type = type
        self.id = id
        self.shard = shard
        self.node = node
        self.incarnation = incarnation
        self.store = store
        askToPassivate = passivate
    }

    /// Asks to be passivated: the entity stops when its mailbox is empty. Messages that arrive meanwhile are buffered,
    /// and start it again.
    public func passivate() { askToPassivate() }

    /// The state last saved, or `nil` for a new entity or one without a store.
    public func load() throws -> [UInt8]? {
        guard let store else { return nil }
        guard let times else { return try store.load(type: type, id: id) }
        return try times.measure(.load, of: type) { try store.load(type: type, id: id) }
    }

    /// Saves the state; does nothing if the type has no store.
    ///
    /// The shard may have moved while a slow handler ran. Its write is then refused: it could overwrite what the next
    /// incarnation has saved.
    ///
    /// - Throws: ``EntityStoreError``, with the code `stale` if this node's lease has lapsed or the shard has been
    ///   given away; or the error of the store.
    public func save(_ state: [UInt8]) throws {
        guard let store else { return }
        guard mayWrite() else {
            throw EntityStoreError(.stale, "\(id) may run on another node by now: its state was not saved")
        }
        guard let times else { return try store.save(state, type: type, id: id) }
        try times.measure(.save, of: type) { try store.save(state, type: type, id: id) }
    }
}

public import CastyCore

/// What an entity knows of itself when it starts.
public struct EntityContext: Sendable {
    /// The shard type: `account`.
    public let type: String
    /// The entity's whole id, in the form of ``EntityID/canonical(_:)``: `account-7`.
    public let id: String
    /// Its shard.
    public let shard: Int
    /// The node on which this life of it runs.
    public let node: UniqueAddress
    /// Counts the lives of entities on this node; no two of them share a number.
    public let life: UInt64
    /// Where it keeps its state; `nil` where its type has no store.
    public let store: (any EntityStore)?
    private let askToPassivate: @Sendable () -> Void
    /// Whether the shard is still this node's, as far as it knows.
    private let mayWrite: @Sendable () -> Bool

    package init(
        type: String, id: String, shard: Int, node: UniqueAddress, life: UInt64, store: (any EntityStore)?,
        mayWrite: @escaping @Sendable () -> Bool = { true }, passivate: @escaping @Sendable () -> Void
    ) {
        self.mayWrite = mayWrite
        self.type = type
        self.id = id
        self.shard = shard
        self.node = node
        self.life = life
        self.store = store
        askToPassivate = passivate
    }

    /// Asks to go to sleep: the entity stops when its mailbox is empty; messages that come meanwhile are kept, and start it again.
    public func passivate() { askToPassivate() }

    /// The state last saved, or `nil` for a new entity or one without a store.
    public func load() throws -> [UInt8]? { try store?.load(type: type, id: id) }

    /// Saves the state; does nothing where the type has no store.
    ///
    /// A handler that took long may have lost its shard meanwhile. What it would write then is refused: it might undo what the next instance has done.
    ///
    /// - Throws: ``EntityStoreError``, with the code `stale` where this node's lease has lapsed or the shard has been given away; or what the store
    ///   throws.
    public func save(_ state: [UInt8]) throws {
        guard let store else { return }
        guard mayWrite() else {
            throw EntityStoreError(.stale, "\(id) may run on another node by now: its state was not saved")
        }
        try store.save(state, type: type, id: id)
    }
}

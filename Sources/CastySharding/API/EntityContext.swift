public import CastyPrimitives

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

    package init(
        type: String, id: String, shard: Int, node: UniqueAddress, life: UInt64, store: (any EntityStore)?,
        passivate: @escaping @Sendable () -> Void
    ) {
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
    public func save(_ state: [UInt8]) throws { try store?.save(state, type: type, id: id) }
}

public import CastyActors
public import CastySharding

extension CastyNode {
    /// Hosts the entities of a type on this node.
    ///
    /// ```swift
    /// try node.host(carts, passivation: .idle(after: .seconds(120))) { entity in cart(entity.id) }
    /// ```
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - state: How its entities keep their state.
    ///   - remember: Where to record which entities run, if they should restart without a message.
    ///   - passivation: Which entities are passivated automatically.
    ///   - mailbox: How many messages may wait for one entity; who asks one more learns at once that there is no room.
    ///   - entity: Makes the behavior of an entity each time it starts.
    /// - Returns: The region through which all entities of the type are reached.
    /// - Throws: ``ShardingError``, as ``CastySharding/Sharding/host(_:state:remember:passivation:mailbox:entity:)`` does.
    @inlinable
    @discardableResult
    public func host<Message: Sendable>(
        _ type: EntityType<Message>, state: EntityState = .none, remember: (any RememberedEntityStore)? = nil,
        passivation: Passivation = .none, mailbox: MailboxCapacity = .unbounded,
        entity: @escaping @Sendable (EntityContext) -> Behavior<Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        try sharding.host(
            type, state: state, remember: remember, passivation: passivation, mailbox: mailbox,
            entity: entity)
    }

    /// A reference to an entity, wherever it runs and whether it runs or not. This node need not host the type.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - id: The entity's whole id; any text of up to 2048 bytes of UTF-8.
    public func entity<Message: Sendable>(_ type: EntityType<Message>, _ id: String) -> EntityRef<Message> {
        sharding.entity(type, id)
    }

    /// The region through which this node reaches the entities of a type: for statistics, queries and operators' verbs.
    ///
    /// - Throws: ``ShardingError``, as ``CastySharding/Sharding/region(of:)`` does.
    public func region<Message: Sendable>(
        _ type: EntityType<Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        try sharding.region(of: type)
    }

    /// Runs one actor in the whole cluster, on its oldest member; every node that runs or reaches it must do the same.
    ///
    /// - Parameters:
    ///   - name: Its name, unique among singletons.
    ///   - role: Only members with this role run it; the others only reach it. `nil` for all.
    ///   - behavior: Makes its behavior each time it starts here.
    /// - Returns: A reference to it, wherever it runs.
    /// - Throws: ``ShardingError``, as ``CastySharding/ClusterSingleton/start(name:role:of:behavior:)`` does.
    public func singleton<Message: Sendable>(
        _ name: String, of message: Message.Type = Message.self, role: String? = nil,
        behavior: @escaping @Sendable () -> Behavior<Message>
    ) throws(ShardingError) -> SingletonRef<Message> {
        try cluster.singleton.start(name: name, role: role, of: message, behavior: behavior)
    }

    /// Runs one actor with a state in the whole cluster, on its oldest member; every node that runs or reaches it must do
    /// the same.
    ///
    /// - Parameters:
    ///   - name: Its name, unique among singletons.
    ///   - role: Only members with this role run it; the others only reach it. `nil` for all.
    ///   - state: How it keeps its state.
    ///   - behavior: Makes its behavior each time it starts here.
    /// - Returns: A reference to it, wherever it runs.
    /// - Throws: ``ShardingError``, as ``CastySharding/ClusterSingleton/start(name:role:state:of:behavior:)`` does.
    public func singleton<Message: Sendable>(
        _ name: String, of message: Message.Type = Message.self, role: String? = nil, state: EntityState,
        behavior: @escaping @Sendable (EntityContext) -> Behavior<Message>
    ) throws(ShardingError) -> SingletonRef<Message> {
        try cluster.singleton.start(name: name, role: role, state: state, of: message, behavior: behavior)
    }

    /// Starts a top-level actor on this node.
    ///
    /// - Parameters:
    ///   - behavior: What it does. It belongs to the actor from now on.
    ///   - name: Its name, unique among top-level actors; without one the system chooses.
    ///   - mailbox: How many messages may wait.
    /// - Throws: ``SpawnError`` where the name is taken or not allowed, or the node is stopping.
    @inlinable
    @discardableResult
    public func spawn<Message: Sendable>(
        _ behavior: sending Behavior<Message>, name: String? = nil, mailbox: MailboxCapacity = .unbounded
    ) throws(SpawnError) -> ActorRef<Message> {
        try system.spawn(behavior, name: name, mailbox: mailbox)
    }
}

public import CastyActors
import CastyCluster
import CastyMembership
import CastyPlacement

extension Sharding {
    /// Hosts the entities of a type on this node.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - state: How its entities keep their state.
    ///   - remember: Where to record which entities run, if they should restart without a message; see
    ///     ``RememberedEntityStore``.
    ///   - passivation: Which entities are passivated automatically; none by default, because an entity without a store
    ///     loses its state.
    ///   - mailbox: How many messages may wait for one entity, without those of the batch that it handles. One more is
    ///     counted as lost with the reason ``LossReason/mailboxFull``, and who asked learns it at once.
    ///   - entity: Makes the behavior of an entity each time it starts.
    /// - Returns: The region through which all entities of the type are reached.
    /// - Throws: ``ShardingError`` if this node hosts the type already, uses it with other messages or another number of
    ///   shards, a limit or the number of shards is out of range, the name is not a valid actor name, or the node is
    ///   stopping.
    @inlinable
    @discardableResult
    public func host<Message: Sendable>(
        _ type: EntityType<Message>, state: EntityState = .none, remember: (any RememberedEntityStore)? = nil,
        passivation: Passivation = .none, mailbox: MailboxCapacity = .unbounded,
        entity: @escaping @Sendable (EntityContext) -> Behavior<Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        try host(
            type, state: state, remember: remember, passivation: passivation,
            handling: ActorHandling(mailbox: mailbox, entity))
    }

    @usableFromInline
    func host<Message: Sendable>(
        _ type: EntityType<Message>, state: EntityState, remember: (any RememberedEntityStore)?,
        passivation: Passivation, handling: ActorHandling<EntityContext, Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        if let problem = type.limits.problem { throw ShardingError(.badLimit, "\(type.name): \(problem)") }
        var settings = PlacementSettings(cluster.config.settings, shards: type.shards, role: type.role)
        settings.passivation = passivation.settings
        type.limits.apply(to: &settings)
        return try start(
            type: type.name, settings: settings, store: state.store, remember: remember, strategy: type.allocation,
            handling: handling)
    }

    /// The region through which this node reaches the entities of a type, whether it hosts them or not.
    ///
    /// - Throws: ``ShardingError`` if this node uses the type with other messages, a limit or the number of shards is
    ///   out of range, the name is not a valid actor name, or the node is stopping.
    public func region<Message: Sendable>(
        of type: EntityType<Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        if let problem = type.limits.problem { throw ShardingError(.badLimit, "\(type.name): \(problem)") }
        return try region(
            of: type.name, shards: type.shards, role: type.role, limits: type.limits, strategy: type.allocation)
    }

    /// A reference to an entity, wherever it runs and whether it runs or not.
    public func entity<Message: Sendable>(
        _ type: EntityType<Message>, _ id: String
    ) -> EntityRef<Message> {
        EntityRef(route: EntityRoute(type, on: self), id: id)
    }
}

/// What a node needs to run entities of a type. A region that only routes to other nodes has none.
final class EntityHosting: Sendable {
    let kind: ActorKind<RegionCommand, EntityContext>
    let store: (any EntityStore)?
    let remembered: (any RememberedEntityStore)?

    init(
        kind: ActorKind<RegionCommand, EntityContext>, store: (any EntityStore)?,
        remembered: (any RememberedEntityStore)?
    ) {
        self.kind = kind
        self.store = store
        self.remembered = remembered
    }
}

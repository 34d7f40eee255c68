import CastyActors
import CastyCore

/// An entity as the callers and connections of this node see it: one that runs here, or for which messages wait.
///
/// `@unchecked Sendable` because the lock of its shard protects it.
final class LocalEntity: @unchecked Sendable {
    let name: String
    /// The incarnation that runs; `nil` where none takes messages.
    @exclusivity(unchecked) var cell: AnyActorCell?
    @exclusivity(unchecked) var instance: UInt64 = 0
    /// The messages that wait for the region's actor, or are being handled by it.
    @exclusivity(unchecked) var waiting = 0
    /// Whether one of them has just been found to need the actor.
    @exclusivity(unchecked) var isHeldBack = false
    /// How often it was used since the region last learned of it, when it was last, and which incarnation was.
    /// Below zero where uses were taken back that the region had learned of.
    @exclusivity(unchecked) var uses: Int64 = 0
    @exclusivity(unchecked) var lastUsed = Instant.start
    @exclusivity(unchecked) var usedInstance: UInt64 = 0
    @exclusivity(unchecked) var isListed = false

    init(_ name: String) {
        self.name = name
    }
}

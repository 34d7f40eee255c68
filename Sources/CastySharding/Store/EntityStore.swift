public import CastyCore

/// Stores the state of entities between two incarnations: no other state survives a move, a passivation or a crash.
///
/// A store is *fenced*: each call carries the token of the caller's ownership, and the store refuses a token lower than
/// the highest it has got for the same shard. So a node that was paused while its shard moved cannot overwrite what the
/// next owner has written. For a shard's highest token only these count: once a load or save with a token has been
/// answered, a save with a lower one MUST NOT be acknowledged any more.
///
/// Calls of one entity come one after the other, also across its incarnations on one node; those of different entities
/// come at the same time. A call may take its time: the entity waits and buffers its messages, and nothing else does.
/// The runtime stops waiting before the node's lease would end, and calls for the entity again only when the call has
/// returned; what that does until then must still obey the fence.
public protocol EntityStore: AnyObject, Sendable {
    /// The state last saved for an entity, or `nil` if there is none or it was deleted.
    ///
    /// - Throws: ``EntityStoreError``.
    func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]?

    /// Saves the state of an entity; replaces the previous one. When it returns, the state survives a crash.
    ///
    /// - Throws: ``EntityStoreError``. Unless ``EntityStoreError/isOutcomeUnknown`` says otherwise, the previous state
    ///   is unchanged.
    func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError)

    /// Deletes the state of an entity.
    ///
    /// - Throws: ``EntityStoreError``, as ``save(_:for:fence:)``.
    func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError)
}

/// Why a store could not load or save.
public struct EntityStoreError: CastyError, Hashable {
    /// What went wrong.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// There is no room left.
        case full
        /// What was stored has changed.
        case corrupt
        /// The store cannot be reached.
        case unavailable
        /// A later owner of the shard has used the store, or this node's lease has lapsed: the shard has moved.
        case stale
        /// The store belongs to another cluster.
        case foreign
        /// The store has not answered in time: the change may or may not have been saved.
        case timeout
        /// The saved state was written by a later version of the program.
        case newer
        /// The entity has other events than the caller knows.
        case conflict
    }

    /// What went wrong.
    public let code: Code
    /// For a person: what is wrong.
    public let message: String
    /// Whether the change may have been saved all the same.
    public let isOutcomeUnknown: Bool

    /// Creates an error.
    ///
    /// - Parameter isOutcomeUnknown: Whether the change may have been saved all the same.
    public init(_ code: Code, _ message: String, isOutcomeUnknown: Bool = false) {
        self.code = code
        self.message = message
        self.isOutcomeUnknown = isOutcomeUnknown || code == .timeout
    }
}

public import CastyCore

/// One message that was lost on a node.
public struct LostMessage: Hashable, Sendable, Codable {
    /// When, by the node's clock.
    public var time: Instant
    /// The reason for the loss.
    public var reason: LossReason
    /// The traffic that it belonged to.
    public var lossClass: LossClass
    /// Its destination: an address or an entity's name.
    public var target: String
    /// Its type.
    public var type: String
    /// The shard of its entity.
    public var shard: Int?
    /// The entity that it was for.
    public var entity: String?

    /// Creates a record.
    public init(
        time: Instant, reason: LossReason, lossClass: LossClass, target: String, type: String, shard: Int? = nil,
        entity: String? = nil
    ) {
        self.time = time
        self.reason = reason
        self.lossClass = lossClass
        self.target = target
        self.type = type
        self.shard = shard
        self.entity = entity
    }

    /// Whether no actor was there to take it.
    public var isDeadLetter: Bool { reason == .noSuchActor || reason == .wrongIncarnation }
}

public import CastyCore

/// The kind of traffic that a lost message belonged to.
public enum LossClass: String, Sendable, Codable, CaseIterable {
    /// A user's envelope: a tell, a load's message, the request of an ask. Only these count as `lost` in a scenario.
    case user
    /// A reply that came too late, or for which no ask is waiting.
    case reply
    /// The runtime's own traffic: heartbeats, gossip, sharding control.
    case control
}

/// One line of the loss ledger: how many messages were lost for one reason, and the latest of them.
public struct LossEntry: Hashable, Sendable, Codable {
    /// The reason for the loss.
    public var reason: LossReason
    /// The traffic that they belonged to.
    public var lossClass: LossClass
    /// The number of losses since the node started.
    public var count: UInt64
    /// The destination of the latest: an address or an entity's name.
    public var latestTarget: String
    /// The message type of the latest.
    public var latestType: String

    /// Creates a line of the ledger.
    public init(reason: LossReason, lossClass: LossClass, count: UInt64, latestTarget: String, latestType: String) {
        self.reason = reason
        self.lossClass = lossClass
        self.count = count
        self.latestTarget = latestTarget
        self.latestType = latestType
    }
}

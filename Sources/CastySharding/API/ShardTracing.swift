package import CastyInspection
package import CastyPrimitives

/// Follows messages through sharding: for laboratories and tests, which account for every one of them.
package struct ShardTracing<Message: Sendable>: Sendable {
    /// A message leaves this node for another.
    package let forwarded: @Sendable (Message, UniqueAddress) -> Void
    /// A message has come in from another node.
    package let arrived: @Sendable (Message) -> Void
    /// A message will not be handled.
    package let lost: @Sendable (Message, LossReason) -> Void

    package init(
        forwarded: @escaping @Sendable (Message, UniqueAddress) -> Void, arrived: @escaping @Sendable (Message) -> Void,
        lost: @escaping @Sendable (Message, LossReason) -> Void
    ) {
        self.forwarded = forwarded
        self.arrived = arrived
        self.lost = lost
    }
}

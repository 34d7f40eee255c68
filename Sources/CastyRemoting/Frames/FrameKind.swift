/// What a frame is for. The number is its byte on the wire.
package enum FrameKind: UInt8, Sendable, Hashable, CaseIterable {
    /// The first frame of the node that connected.
    case hello = 1
    /// The answer that opens the association.
    case welcome = 2
    /// The answer that rejects the association, with a reason.
    case refusal = 3
    /// A message between actors.
    case user = 4
    /// A message between the runtime's own actors: heartbeat, gossip, sharding.
    case control = 5
    /// A signal: a watch, an unwatch, the end of a watched actor, or the failure of an ask. Numbered by `correlation`,
    /// acknowledged, and resent.
    case system = 6
    /// All system messages up to `correlation` have arrived.
    case acknowledgement = 7
    /// Carries nothing; it keeps a silent connection open.
    case ping = 8
    /// The last frame: nothing follows on this connection.
    case goodbye = 9
    /// A message to an ask of the receiving node, whose number is `correlation`: its address, which is used once, is not
    /// written.
    case reply = 10
}

/// The queue a frame travels in. Frames of one lane keep their order; control overtakes user.
package enum FrameLane: UInt8, Sendable, Hashable, CaseIterable {
    case control = 0
    case user = 1
}

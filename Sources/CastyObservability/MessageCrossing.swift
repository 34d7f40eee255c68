package import CastyCore

/// One message between two nodes on its way: when it was sent, and when it arrived or was lost.
package struct MessageCrossing: Hashable, Sendable, Codable {
    /// Counts the messages of a run since they are observed.
    package let id: UInt64
    /// The short name of the sending node.
    package let from: String
    /// The short name of the receiving node.
    package let to: String
    package let content: MessageContent
    /// The encoded size, in bytes, without its header.
    package let bytes: Int
    /// When it was handed to the connections of its node.
    package let sentAt: Instant
    package var fate: Fate

    /// What became of a message.
    package enum Fate: Hashable, Sendable, Codable {
        /// It waits in the sending node for a connection that takes it.
        case queued
        /// It was written to a connection.
        case inFlight
        case arrived(at: Instant)
        case lost(at: Instant, CrossingLoss)
    }

    package init(
        id: UInt64, from: String, to: String, content: MessageContent, bytes: Int, sentAt: Instant,
        fate: Fate = .queued
    ) {
        self.id = id
        self.from = from
        self.to = to
        self.content = content
        self.bytes = bytes
        self.sentAt = sentAt
        self.fate = fate
    }
}

/// Why a message did not arrive.
package enum CrossingLoss: Hashable, Sendable, Codable {
    /// The sending node gave it up before it was written to a connection.
    case dropped(LossReason)
    /// The receiving node no longer ran.
    case receiverGone
    /// The sending node ended before its bytes had left.
    case senderGone
    /// The link was cut.
    case linkCut
    /// The connection ended for another reason.
    case connectionLost
}

/// What a message between two nodes says, as far as an observer of the network shows it.
package enum MessageContent: Hashable, Sendable, Codable {
    case heartbeat(sequence: UInt64)
    case heartbeatAck(sequence: UInt64)
    /// The version of the whole state, where the message carries one.
    case gossip(GossipStep, version: UInt64?)
    case membership(MembershipStep)
    case sharding(ShardingStep, shard: Int?)
    case envelope(entity: String, shard: Int, isReturned: Bool)
    /// A message to an actor, with the registered name of its type.
    case message(type: String)

    /// What the message is for.
    package var kind: MessageKind {
        switch self {
        case .heartbeat, .heartbeatAck: .heartbeat
        case .gossip: .gossip
        case .membership: .membership
        case .sharding: .sharding
        case .envelope: .envelope
        case .message: .message
        }
    }
}

/// The groups of messages that a view of the network can be limited to.
package enum MessageKind: String, Hashable, Sendable, Codable, CaseIterable {
    case heartbeat, gossip, membership, sharding, envelope, message
}

/// The messages that spread the cluster's state.
package enum GossipStep: Hashable, Sendable, Codable, CaseIterable {
    /// Two hashes of the state.
    case status
    /// Who has seen a version.
    case seen
    /// The whole state.
    case state
    /// A new version, to be relayed.
    case spread
    /// A version has arrived.
    case acknowledged
    /// A part of a large message.
    case page
}

/// The messages with which nodes join, leave, and find one another.
package enum MembershipStep: Hashable, Sendable, Codable, CaseIterable {
    case initJoin, noCluster, initJoinAck, initJoinNack, join, welcome, joinRefused
    case unknown, probeConnection, probeRequest, probe, probeAck, probeAnswer
    case exitingConfirmed, gone, unknownPeer, clusterProbe, clusterAnswer, otherCluster
    case lastAcknowledged
}

/// The messages between regions and coordinators.
package enum ShardingStep: Hashable, Sendable, Codable, CaseIterable {
    case register, notHosted, homesAsked, started, hostRefused, handOffBegun, stopped, leave, departed, epochSeen
    case intentsKnown, command
    case announce, registered, registrationRefused, homes, host, beginHandOff, handOff, discard, intents, released
    case answer, homeless
    case streamEnd, streamClosed, transferred, passivate
}

/// A message that can say what it is to someone who observes the network.
package protocol MessageDescribing {
    var messageContent: MessageContent { get }
}

import CastyMembership

/// How much a node has sent to the others about the cluster since it started.
package struct ClusterTraffic: Hashable, Sendable {
    /// Heartbeats and the answers to them.
    package private(set) var heartbeats = 0
    /// Whole states of the cluster: gossip and welcomes.
    package private(set) var gossips = 0
    /// The bytes of these states.
    package private(set) var gossipBytes = 0
    /// The bytes of the last of these states.
    package private(set) var lastGossipBytes = 0
    /// Hashes of the state, and lists of who has seen it.
    package private(set) var digests = 0
    /// Messages for joining, leaving and probing.
    package private(set) var others = 0

    package init() {}

    mutating func note(_ message: ClusterMessage, gossipBytes bytes: Int?) {
        switch message {
        case .heartbeat, .heartbeatAck, .unknown, .probeConnection: heartbeats += 1
        case .welcome, .gossipEnvelope, .gossipSpread:
            gossips += 1
            gossipBytes += bytes ?? 0
            lastGossipBytes = bytes ?? lastGossipBytes
        case .gossipStatus, .gossipSeen, .gossipAck: digests += 1
        case .initJoin, .noCluster, .initJoinAck, .initJoinNack, .join, .joinRefused, .exitingConfirmed, .probeRequest,
            .probe,
            .probeAck, .probeAnswer, .gone, .unknownPeer, .clusterProbe, .clusterAnswer, .otherCluster,
            .lastAcknowledged:
            others += 1
        }
    }

    /// The sum of the traffic of two nodes; of the last state sizes the larger one.
    package static func + (left: ClusterTraffic, right: ClusterTraffic) -> ClusterTraffic {
        var sum = left
        sum.heartbeats += right.heartbeats
        sum.gossips += right.gossips
        sum.gossipBytes += right.gossipBytes
        sum.lastGossipBytes = max(left.lastGossipBytes, right.lastGossipBytes)
        sum.digests += right.digests
        sum.others += right.others
        return sum
    }
}

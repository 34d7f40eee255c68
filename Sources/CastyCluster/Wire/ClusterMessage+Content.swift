import CastyMembership
package import CastyObservability

extension DaemonMessage: MessageDescribing {
    package var messageContent: MessageContent {
        switch self {
        case .received(let envelope): envelope.message.content
        case .page: .gossip(.page, version: nil)
        case .start, .seeds, .declare, .timer, .leave, .down, .exitTasksDone, .leaseAnswered, .contactFailed,
            .wrongNode, .notTrusted, .fail, .incarnationGone:
            .message(type: "casty.cluster")
        }
    }
}

extension ClusterMessage {
    fileprivate var content: MessageContent {
        switch self {
        case .heartbeat(let sequence, _): .heartbeat(sequence: sequence)
        case .heartbeatAck(let sequence, _, _): .heartbeatAck(sequence: sequence)
        case .gossipStatus: .gossip(.status, version: nil)
        case .gossipSeen: .gossip(.seen, version: nil)
        case .gossipAck: .gossip(.acknowledged, version: nil)
        case .gossipEnvelope(let gossip): .gossip(.state, version: gossip.number)
        case .gossipSpread(let gossip, _): .gossip(.spread, version: gossip.number)
        case .initJoin: .membership(.initJoin)
        case .noCluster: .membership(.noCluster)
        case .initJoinAck: .membership(.initJoinAck)
        case .initJoinNack: .membership(.initJoinNack)
        case .join: .membership(.join)
        case .welcome: .membership(.welcome)
        case .joinRefused: .membership(.joinRefused)
        case .unknown: .membership(.unknown)
        case .probeConnection: .membership(.probeConnection)
        case .probeRequest: .membership(.probeRequest)
        case .probe: .membership(.probe)
        case .probeAck: .membership(.probeAck)
        case .probeAnswer: .membership(.probeAnswer)
        case .exitingConfirmed: .membership(.exitingConfirmed)
        case .lastAcknowledged: .membership(.lastAcknowledged)
        case .gone: .membership(.gone)
        case .unknownPeer: .membership(.unknownPeer)
        case .clusterProbe: .membership(.clusterProbe)
        case .clusterAnswer: .membership(.clusterAnswer)
        case .otherCluster: .membership(.otherCluster)
        }
    }
}

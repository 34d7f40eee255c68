import CastyObservability
import CastyReporting

/// The words for messages between nodes.
extension MessageContent {
    var english: String {
        switch self {
        case .heartbeat(let sequence): "heartbeat \(sequence)"
        case .heartbeatAck(let sequence): "ack of \(sequence)"
        case .gossip(let step, let version): step.english + (version.map { " v\($0)" } ?? "")
        case .membership(let step): step.english
        case .sharding(let step, let shard): step.english + (shard.map { " #\($0)" } ?? "")
        case .envelope(let entity, let shard, let isReturned): "\(isReturned ? "returned " : "")\(entity) #\(shard)"
        case .message(let type): type
        }
    }
}

extension CrossingLoss {
    var english: String {
        switch self {
        case .dropped(let reason): "never left: \(reason.word)"
        case .receiverGone: "the receiver no longer ran"
        case .senderGone: "the sender ended before"
        case .linkCut: "the link was cut"
        case .connectionLost: "the connection ended"
        }
    }
}

extension GossipStep {
    fileprivate var english: String {
        switch self {
        case .status: "gossip status"
        case .seen: "gossip seen"
        case .state: "gossip"
        case .spread: "gossip spread"
        case .acknowledged: "gossip ack"
        case .page: "gossip page"
        }
    }
}

extension MembershipStep {
    fileprivate var english: String {
        switch self {
        case .initJoin: "may I join?"
        case .noCluster: "no cluster here"
        case .initJoinAck: "you may join"
        case .initJoinNack: "you may not join"
        case .join: "join"
        case .welcome: "welcome"
        case .joinRefused: "join refused"
        case .unknown: "not a member here"
        case .probeConnection: "probe connection"
        case .probeRequest: "probe request"
        case .probe: "probe"
        case .probeAck: "probe ack"
        case .probeAnswer: "probe answer"
        case .exitingConfirmed: "exiting confirmed"
        case .lastAcknowledged: "last acknowledged"
        case .gone: "gone"
        case .unknownPeer: "unknown peer"
        case .clusterProbe: "which cluster?"
        case .clusterAnswer: "cluster answer"
        case .otherCluster: "other cluster"
        }
    }
}

extension ShardingStep {
    fileprivate var english: String {
        switch self {
        case .register: "register region"
        case .notHosted: "type not here"
        case .homesAsked: "where is shard"
        case .started: "started shard"
        case .hostRefused: "cannot host shard"
        case .handOffBegun: "stream closed for shard"
        case .stopped: "stopped shard"
        case .leave: "region leaves"
        case .departed: "region departed"
        case .epochSeen: "epoch seen"
        case .intentsKnown: "intents known"
        case .command: "operator command"
        case .announce: "coordinator started"
        case .registered: "region registered"
        case .registrationRefused: "registration refused"
        case .homes: "home of shard"
        case .host: "host shard"
        case .beginHandOff: "begin handoff"
        case .handOff: "hand off"
        case .discard: "discard shard"
        case .intents: "intents"
        case .released: "region released"
        case .answer: "operator answer"
        case .homeless: "no home for shard"
        case .streamEnd: "stream end"
        case .streamClosed: "stream closed"
        case .transferred: "transferred shard"
        case .passivate: "passivate"
        }
    }
}

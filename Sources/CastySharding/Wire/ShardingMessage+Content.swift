package import CastyObservability
import CastyPlacement

extension RegionCommand: MessageDescribing {
    package var messageContent: MessageContent {
        guard case .wire(let envelope) = self else { return .message(type: "casty.sharding") }
        return switch envelope.message {
        case .request(let request): request.content
        case .order(_, let order): order.content
        case .peer(let message): message.content
        }
    }
}

extension CoordinatorRequest {
    fileprivate var content: MessageContent {
        switch self {
        case .register: .sharding(.register, shard: nil)
        case .notHosted: .sharding(.notHosted, shard: nil)
        case .homes(let shards): .sharding(.homesAsked, shard: shards.only)
        case .started(let shards): .sharding(.started, shard: shards.only?.shard)
        case .hostRefused(let shards): .sharding(.hostRefused, shard: shards.only?.shard)
        case .handOffBegun(let shard, _): .sharding(.handOffBegun, shard: shard)
        case .stopped(let stopped, _): .sharding(.stopped, shard: stopped.shard)
        case .leave: .sharding(.leave, shard: nil)
        case .departed: .sharding(.departed, shard: nil)
        case .epochSeen: .sharding(.epochSeen, shard: nil)
        case .intentsKnown: .sharding(.intentsKnown, shard: nil)
        case .command: .sharding(.command, shard: nil)
        }
    }
}

extension CoordinatorOrder {
    fileprivate var content: MessageContent {
        switch self {
        case .announce: .sharding(.announce, shard: nil)
        case .registered: .sharding(.registered, shard: nil)
        case .registrationRefused: .sharding(.registrationRefused, shard: nil)
        case .homes(let homes, _): .sharding(.homes, shard: homes.only?.shard)
        case .host(let orders): .sharding(.host, shard: orders.only?.shard)
        case .beginHandOff(let shard, _, _): .sharding(.beginHandOff, shard: shard)
        case .handOff(let shard, _, _, _): .sharding(.handOff, shard: shard)
        case .discard(let discarded): .sharding(.discard, shard: discarded.shard)
        case .intents: .sharding(.intents, shard: nil)
        case .released: .sharding(.released, shard: nil)
        case .answer: .sharding(.answer, shard: nil)
        case .homeless(let shards): .sharding(.homeless, shard: shards.only?.shard)
        case .notHosted: .sharding(.notHosted, shard: nil)
        }
    }
}

extension PeerMessage {
    fileprivate var content: MessageContent {
        switch self {
        case .deliver(let delivery): .envelope(entity: delivery.entity, shard: delivery.shard, isReturned: false)
        case .notHome(let delivery, _): .envelope(entity: delivery.entity, shard: delivery.shard, isReturned: true)
        case .streamEnd(let shard, _, _): .sharding(.streamEnd, shard: shard)
        case .streamClosed(let shard, _): .sharding(.streamClosed, shard: shard)
        case .transferred(let shard): .sharding(.transferred, shard: shard)
        case .passivate: .sharding(.passivate, shard: nil)
        }
    }
}

extension Array {
    /// The element of an array that has just one.
    fileprivate var only: Element? { count == 1 ? self[0] : nil }
}

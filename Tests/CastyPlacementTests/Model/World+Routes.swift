import CastyCore

@testable import CastyPlacement

/// What passes the regions by, as the shells do it.
extension World {
    /// A message has found the route closed; the next one may find it open.
    mutating func openRoute(of shard: Int, at node: UniqueAddress) {
        guard let route = nodes[node]!.region.openRoute(of: shard) else { return }
        nodes[node]!.routes[shard] = route
        if case .remote(_, _, let first) = route.sending { nodes[node]!.numbers[shard] = first }
        passed += 1
    }

    /// Sends a message of a node over an open route. Returns whether there was one.
    mutating func pass(_ word: Word, to entity: String, asks: AskPatience?, via node: UniqueAddress) -> Bool {
        let shard = nodes[node]!.region.shard(of: entity)
        switch nodes[node]!.routes[shard]?.sending {
        case nil, ShardRoute.Sending.none?: return false
        case .local?: return put(word, entity, shard, at: node)
        case .remote(let home, let version, _)?:
            let number = nodes[node]!.numbers[shard]!
            nodes[node]!.numbers[shard] = number + 1
            let delivery = ShardDelivery(
                shard: shard, entity: entity, version: version, sequence: number, asks: asks, payload: word)
            send(.peer(.deliver(delivery)), from: node, to: home)
            return true
        }
    }

    /// Hands a delivery to its entity at once. Returns whether the route was open.
    mutating func pass(_ delivery: ShardDelivery<Word>, from: UniqueAddress, at node: UniqueAddress) -> Bool {
        guard let version = nodes[node]!.routes[delivery.shard]?.arrivals, delivery.version >= version,
            delivery.sequence > 0, nodes[node]!.region.view.member(from) != nil,
            nodes[node]!.region.shard(of: delivery.entity) == delivery.shard
        else { return false }
        return put(delivery.payload, delivery.entity, delivery.shard, at: node)
    }

    /// Puts a message into the mailbox of an entity that runs and does not stop.
    private mutating func put(_ word: Word, _ entity: String, _ shard: Int, at node: UniqueAddress) -> Bool {
        guard let known = nodes[node]!.region.hosted.entities[shard][entity] else { return false }
        let instance = EntityInstance(entity: entity, shard: shard, number: known.instance)
        guard let mailbox = nodes[node]!.mailboxes[instance], !mailbox.contains(.stop) else { return false }
        nodes[node]!.mailboxes[instance]!.append(.word(word))
        push(.handle(instance, at: node), after: .microseconds(generator.below(3000)))
        nodes[node]!.region.onUses([EntityUse(instance, count: 1, lastUsed: now)])
        return true
    }
}

import CastyCore

@testable import CastyPlacement

extension World {
    mutating func take(_ step: Step) {
        switch step {
        case .tell(let sender, let entity, let node): tell(sender, entity, via: node)
        case .command(let command, let node):
            guard nodes[node]?.isAlive == true else { return }
            interpret(nodes[node]!.region.onCommand(command, id: UInt64(steps), at: now), at: node)
        case .crash(let node): crash(node)
        case .cut(let node): cut(node)
        case .stop(let node): stop(node)
        case .stall(let node):
            lease(node, until: now)
            schedule(.lease(node, until: .distantFuture), at: now + .milliseconds(50 + generator.below(400)))
        case .lease(let node, let until): lease(node, until: until)
        case .leave(let node):
            guard nodes[node]?.isAlive == true else { return }
            change(node) { $0.status = .leaving }
        case .join(let node): start(node)
        case .mark(let node, let status, let isReachable):
            change(node) {
                $0.status = status
                $0.isReachable = isReachable
            }
        case .remove(let node):
            members.removeAll { $0.node == node }
            removed.append(node)
            spread()
        case .passivate(let entity, let node):
            guard nodes[node]?.isAlive == true else { return }
            interpret(nodes[node]!.region.onPassivate(entity, at: now), at: node)
        case .fail(let entity): failNext.insert(entity)
        case .breakStore(let until): storeBrokenUntil = until
        }
    }

    private mutating func tell(_ sender: Int, _ entity: String, via node: UniqueAddress) {
        guard nodes[node]?.isAlive == true, members.contains(where: { $0.node == node && $0.status == .up }) else {
            return
        }
        let key = Word(sender: sender, entity: entity, number: 0)
        counters[key, default: 0] += 1
        let word = Word(sender: sender, entity: entity, number: counters[key]!)
        sent.append(word)
        // Some of the senders ask; the model has members at all times, so that all their questions wait for a home.
        let asks: AskPatience? = [nil, .waitForNewHome, .waitForNewNode][sender % 3]
        if pass(word, to: entity, asks: asks, via: node) { return }
        interpret(nodes[node]!.region.onRoute(word, to: entity, asks: asks, at: now), at: node)
        openRoute(of: nodes[node]!.region.shard(of: entity), at: node)
    }

    private mutating func change(_ node: UniqueAddress, _ body: (inout PlacementMember) -> Void) {
        for index in members.indices where members[index].node == node { body(&members[index]) }
        spread()
    }

    /// The node ends at once, with all that is in it; the others suspect it, down it and remove it.
    mutating func crash(_ node: UniqueAddress) {
        guard nodes[node]?.isAlive == true else { return }
        nodes[node]!.isAlive = false
        for word in words(in: node) { gone.insert(word) }
        nodes[node]!.mailboxes = [:]
        for entity in live.keys { live[entity]?.removeAll { $0 == node } }
        expel(node)
    }

    /// The node hears nothing and is not heard; its lease ends before the others give its shards away.
    mutating func cut(_ node: UniqueAddress) {
        guard nodes[node]?.isAlive == true, nodes[node]?.isCut == false else { return }
        nodes[node]!.isCut = true
        lease(node, until: now + .milliseconds(2900))
        expel(node)
    }

    private mutating func lease(_ node: UniqueAddress, until: Instant) {
        guard nodes[node]?.isAlive == true, !(nodes[node]!.isCut && until > now + .seconds(3)) else { return }
        nodes[node]!.lease = until
        interpret(nodes[node]!.coordinator.onLease(validUntil: until, at: now), at: node)
        interpret(nodes[node]!.region.onLease(validUntil: until, at: now), at: node)
    }

    /// A node that has left ends.
    private mutating func stop(_ node: UniqueAddress) {
        guard nodes[node]?.isAlive == true else { return }
        interpret(nodes[node]!.region.onShutdown(at: now), at: node)
        nodes[node]!.isAlive = false
        for word in words(in: node) { gone.insert(word) }
    }

    private mutating func expel(_ node: UniqueAddress) {
        schedule(.mark(node, .up, isReachable: false), at: now + .milliseconds(1000))
        schedule(.mark(node, .down, isReachable: false), at: now + .milliseconds(2000))
        schedule(.remove(node), at: now + .milliseconds(2200))
    }

    /// Every message that is inside a node.
    func words(in node: UniqueAddress) -> [Word] {
        let region = nodes[node]!.region
        var result: [Word] = []
        for mailbox in nodes[node]!.mailboxes.values {
            for case .word(let word) in mailbox { result.append(word) }
        }
        for late in nodes[node]!.late.values { result += late }
        for buffer in region.buffers.messages { result += buffer.map(\.payload) }
        for shard in region.hosted.shards.compactMap(\.self) {
            result += (shard.held + shard.ahead + shard.leftover).map(\.payload)
        }
        for entities in region.hosted.entities {
            for entity in entities.values { result += entity.buffered.map(\.payload) }
        }
        for entry in heap {
            switch entry.event {
            case .message(.peer(.deliver(let delivery)), node, node): result.append(delivery.payload)
            case .message(.peer(.notHome(let delivery, _)), node, node): result.append(delivery.payload)
            case .ended(let end, node): result += end.unhandled
            case .message, .view, .wake, .handle, .ended, .stored, .step: break
            }
        }
        return result
    }

    /// Checks what must hold when all is quiet: every message accounted for, every used shard at one living home that all know.
    mutating func check(lossless: Bool) -> [String] {
        var problems = violations
        let alive = nodes.keys.sorted().filter { nodes[$0]!.isAlive && !nodes[$0]!.isCut }
        var waiting: Set<Word> = []
        for node in nodes.keys where nodes[node]!.isAlive && nodes[node]!.isCut { waiting.formUnion(words(in: node)) }
        for word in sent where handled[word] == nil && lost[word] == nil {
            if lossless || !(gone.contains(word) || waiting.contains(word)) {
                problems.append("\(word) is unaccounted for")
            }
        }
        if lossless { for (word, reason) in lost { problems.append("\(word) is lost: \(reason)") } }
        for node in alive {
            let buffered = nodes[node]!.region.buffers.total
            if buffered != 0 { problems.append("\(node) keeps \(buffered) messages") }
        }
        let coordinators = alive.filter { nodes[$0]!.coordinator.phase == .active }
        if coordinators.count != 1 { problems.append("coordinators: \(coordinators)") }
        guard let coordinator = coordinators.first.map({ nodes[$0]!.coordinator }) else { return problems }
        for word in sent where !gone.contains(word) {
            let shard = StableHash.shard(of: word.entity, count: settings.shardCount)
            guard case .started(let owner) = coordinator.shards[shard] else {
                problems.append("shard \(shard) of \(word.entity) has no home: \(coordinator.shards[shard])")
                continue
            }
            for node in alive where (nodes[node]!.region.hosted.shards[shard] != nil) != (node == owner.node) {
                problems.append("shard \(shard): \(node) and the coordinator differ")
            }
            for node in alive where nodes[node]!.region.homes[shard].target != owner.node {
                problems.append("shard \(shard): \(node) believes in another home")
            }
        }
        return problems
    }
}

func node(_ number: Int) -> UniqueAddress {
    UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 25520), incarnation: UInt64(number))
}

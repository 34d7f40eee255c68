import CastyCore

@testable import CastyPlacement

extension World {
    // MARK: Network

    mutating func send(_ message: ShardingMessage<Word>, from: UniqueAddress, to: UniqueAddress) {
        if from == to {
            push(.message(message, from: from, to: to), after: .zero)
            return
        }
        var isPeer = false
        if case .peer = message { isPeer = true }
        let lane = Lane(from: from, to: to, isPeer: isPeer)
        let delay = Duration.microseconds(200 + generator.below(max(1, Int(slowest / .microseconds(1)))))
        let at = max(laneClock[lane] ?? now, now + delay)
        laneClock[lane] = at
        push(.message(message, from: from, to: to), at: at)
    }

    mutating func arrive(_ message: ShardingMessage<Word>, from: UniqueAddress, to: UniqueAddress) {
        let isLost =
            nodes[to]?.isAlive != true || (from != to && (nodes[to]!.isCut || nodes[from]!.isCut))
        if isLost {
            switch message {
            case .peer(.deliver(let delivery)), .peer(.notHome(let delivery, _)): gone.insert(delivery.payload)
            case .peer, .request, .order: break
            }
            return
        }
        switch message {
        case .request(let request):
            interpret(nodes[to]!.coordinator.onRequest(request, from: from, at: now), at: to)
        case .peer(.deliver(let delivery)):
            if pass(delivery, from: from, at: to) { return }
            interpret(nodes[to]!.region.onMessage(message, from: from, at: now), at: to)
            openRoute(of: delivery.shard, at: to)
        case .order, .peer: interpret(nodes[to]!.region.onMessage(message, from: from, at: now), at: to)
        }
    }

    // MARK: Entities

    mutating func handle(_ instance: EntityInstance, at node: UniqueAddress) {
        guard nodes[node]?.isAlive == true else { return }
        if now >= nodes[node]!.lease { interpret(nodes[node]!.region.onWakeup(at: now), at: node) }
        if nodes[node]!.paused.contains(instance.shard) {
            nodes[node]!.deferred.append(instance)
            return
        }
        guard var mailbox = nodes[node]!.mailboxes[instance], !mailbox.isEmpty else { return }
        let item = mailbox.removeFirst()
        nodes[node]!.mailboxes[instance] = mailbox
        switch item {
        case .stop: end(instance, at: node, failed: false)
        case .word(let word):
            if failNext.remove(instance.entity) != nil {
                nodes[node]!.mailboxes[instance] = [.word(word)] + mailbox
                end(instance, at: node, failed: true)
                return
            }
            handled[word, default: 0] += 1
            if handled[word]! > 1 || lost[word] != nil { violations.append("\(now) \(word) is handled twice") }
            let key = Word(sender: word.sender, entity: word.entity, number: 0)
            if word.number <= lastHandled[key] ?? 0 {
                violations.append("\(now) \(word) is handled after \(lastHandled[key] ?? 0)")
            }
            lastHandled[key] = word.number
        }
    }

    mutating func end(_ instance: EntityInstance, at node: UniqueAddress, failed: Bool) {
        guard let mailbox = nodes[node]!.mailboxes.removeValue(forKey: instance) else { return }
        if let index = live[instance.entity]?.firstIndex(of: node) { live[instance.entity]?.remove(at: index) }
        let unhandled = mailbox.compactMap { item -> Word? in
            if case .word(let word) = item { word } else { nil }
        }
        push(
            .ended(EntityEnd(instance, failed: failed, unhandled: unhandled), at: node),
            after: .microseconds(generator.below(500)))
    }

    mutating func complete(_ request: StoreRequest, at node: UniqueAddress) {
        if now < storeBrokenUntil, generator.below(4) > 0 {
            interpret(nodes[node]!.region.onStoreFailed(request, at: now), at: node)
            return
        }
        switch request {
        case .load(let shard, let run):
            let names = store.filter { StableHash.shard(of: $0, count: settings.shardCount) == shard }
            interpret(nodes[node]!.region.onRemembered(names, shard: shard, run: run, at: now), at: node)
        case .add(let entity, _, _):
            store.insertSorted(entity)
            interpret(nodes[node]!.region.onStored(request, at: now), at: node)
        case .remove(let entity, _, _):
            store.removeSorted(entity)
            interpret(nodes[node]!.region.onStored(request, at: now), at: node)
        }
    }
}

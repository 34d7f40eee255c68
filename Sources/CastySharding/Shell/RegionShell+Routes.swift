import CastyActors
import CastyCluster
import CastyCore
import CastyPlacement
import CastyRemoting
import CastySerialization

/// How the region opens and closes the routes that pass its actor by.
extension RegionShell {
    /// Handles messages that wait for a shard.
    ///
    /// The route opens first where it can, so that they leave over it, and all that callers send from now on is encoded
    /// for it. What this turn has sent before has left already, so nothing is overtaken.
    mutating func handleWaiting(of shard: Int, at now: Instant, _ context: ActorContext<RegionCommand>) {
        guard let slot = host.routes[shard] else { return }
        openRoute(of: slot, context)
        let messages = slot.takeWaiting { context.`self`.target.offer(.messagesWait(shard: shard)) }
        handled = (slot, messages)
        for message in messages {
            switch message.origin {
            case .caller(let asks):
                // Over the open route, as long as there is one: what the region itself sends closes it.
                if let remote = slot.remote, remote.send(message, asks: asks, host.payloads, from: slot) {
                    host.tracing?.forwarded(message.payload, .delivery, remote.node)
                } else {
                    route(message.payload, to: message.entity.name, asks: asks, at: now, context)
                }
            case .node(let delivery, let head):
                receive(ShardingEnvelope(head: head, message: .peer(.deliver(delivery))), at: now, context)
            }
        }
    }

    /// The actor ends: what still waits is lost, and nothing waits any more.
    mutating func endWaiting(at now: Instant, _ context: ActorContext<RegionCommand>) {
        for slot in host.routes.all {
            for message in slot.end() {
                if case .node(let delivery, let head) = message.origin {
                    receive(ShardingEnvelope(head: head, message: .peer(.deliver(delivery))), at: now, context)
                } else {
                    route(message.payload, to: message.entity.name, asks: nil, at: now, context)
                }
            }
        }
    }

    /// Closes the routes that the region has closed in the call whose effects are performed next.
    func closeRoutes() {
        // To look first whether there are any would copy the region.
        for shard in region.takeClosedRoutes() {
            host.routes[shard]?.close(isLeaky: host.settings.mutations.contains(.leavesRouteOpen))
        }
    }

    /// Opens routes at the end of a turn, when all its effects are performed.
    mutating func openRoutes(at now: Instant, _ context: ActorContext<RegionCommand>) {
        for (instance, cell) in startedCells { host.routes[instance.shard]?.add(instance, cell) }
        startedCells = []
        guard let (slot, messages) = handled else { return }
        handled = nil
        openRoute(of: slot, context)
        let passed = slot.settle(messages, with: exit(for: slot, at: now, context))
        for (message, queued) in passed.sent {
            queued.perform()
            if let node = message.encoded?.route.node {
                host.tracing?.forwarded(message.payload, .delivery, node)
            }
        }
        for (message, reason) in passed.refused {
            host.lose(reason, message.payload, entity: message.entity.name, shard: slot.shard)
        }
    }

    private func exit(
        for slot: ShardSlot, at now: Instant, _ context: ActorContext<RegionCommand>
    ) -> ShardSlot.Exit {
        // Where local messages are encoded too, users' code runs when one is put into a mailbox, unless that is done.
        let needsCopies = context.system.encodesLocalMessages
        return ShardSlot.Exit(
            offer: needsCopies ? host.kind?.offerCopy : host.kind?.offer, needsCopies: needsCopies,
            // Who traces deliveries is called when one arrives, which the lock forbids.
            admits: { [host] in host.tracing == nil && host.routes.isMember($0) }, now: now,
            firstUse: { [host] in host.routes.note(used: slot.shard) })
    }

    private mutating func openRoute(of slot: ShardSlot, _ context: ActorContext<RegionCommand>) {
        let shard = slot.shard
        guard let route = region.openRoute(of: shard) else { return }
        let sending: ShardSlot.Sending
        switch route.sending {
        case .none: sending = .closed
        case .local: sending = .local
        case .remote(let node, let version, let first):
            let peer = state.peers.peer(node, from: context.system)
            let remote = encodedRoute(to: node).flatMap {
                RemoteShard($0, peer.head, shard: shard, version: version, first: first)
            }
            sending = remote.map { .remote($0) } ?? .closed
        }
        slot.open(sending: sending, arrivals: route.arrivals)
    }

    /// The route to the region of another node. All shards share it, and the buffer in it.
    private mutating func encodedRoute(to node: UniqueAddress) -> EncodedRoute? {
        if let known = encodedRoutes[node] { return known }
        guard let remoting = host.cluster.remoting,
            let registered = try? remoting.system.registry.registration(of: RegionCommand.self)
        else { return nil }
        let address = ActorAddress(
            system: remoting.system.name, node: node.address, path: RegionHost.paths(host.type).data, uid: 0)
        let made = EncodedRoute(to: address, registered, of: RegionCommand.self, remoting)
        encodedRoutes[node] = made
        return made
    }

    /// An incarnation stops: from now on its messages come to the region.
    mutating func forgetCell(of instance: EntityInstance) {
        startedCells.removeAll { $0.instance.number == instance.number }
        host.routes[instance.shard]?.remove(instance)
    }
}

extension RegionHost {
    /// Whether messages may pass the region's actor by. With a tracer they take the long way, which carries contexts.
    var opensRoutes: Bool { cluster.system.tracing == nil }
}

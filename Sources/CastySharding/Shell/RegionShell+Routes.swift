import CastyActors
import CastyCluster
import CastyCore
import CastyPlacement
import CastyRemoting
import CastySerialization

/// How the region opens and closes the routes that pass its actor by.
extension RegionShell {
    /// A message that found a route closed was handled; the next one may find it open.
    mutating func handled(_ miss: Miss) {
        miss.slot.handled(miss)
        missedShards.append(miss.slot.shard)
    }

    /// Closes the routes that the region has closed in the call whose effects are performed next.
    func closeRoutes() {
        guard region.hasClosedRoutes else { return }
        let isLeaky = host.settings.mutations.contains(.leavesRouteOpen)
        for shard in region.takeClosedRoutes() { host.routes[shard]?.close(isLeaky: isLeaky) }
    }

    /// Opens routes at the end of a turn, when all its effects are performed.
    mutating func openRoutes(_ context: ActorContext<RegionCommand>) {
        for (instance, cell) in startedCells { host.routes[instance.shard]?.add(instance, cell) }
        startedCells = []
        guard !missedShards.isEmpty else { return }
        let shards = missedShards
        missedShards = []
        guard host.opensRoutes else { return }
        for shard in shards { openRoute(of: shard, context) }
    }

    private mutating func openRoute(of shard: Int, _ context: ActorContext<RegionCommand>) {
        // The last of them opens the route: before, it would let nothing pass.
        guard let slot = host.routes[shard], !slot.hasMisses, let route = region.openRoute(of: shard) else { return }
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

    private func encodedRoute(to node: UniqueAddress) -> EncodedRoute? {
        guard let remoting = host.cluster.remoting,
            let registered = try? remoting.system.registry.registration(of: RegionCommand.self)
        else { return nil }
        let address = ActorAddress(
            system: remoting.system.name, node: node.address, path: RegionHost.paths(host.type).data, uid: 0)
        return EncodedRoute(to: address, registered, of: RegionCommand.self, remoting)
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

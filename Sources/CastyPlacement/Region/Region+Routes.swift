import CastyCore

/// Routes that pass the region's actor by.
///
/// A route is open while every message for the shard would go the same way: nothing waits for it here, and no change is
/// under way. The shell asks for it after it has handled a message that found the route closed. Whatever ends one of the
/// conditions closes the route in the same call.
extension Region {
    /// Opens the route of a shard.
    ///
    /// - Returns: The route; `nil` if none can be open now, or if just this one is.
    package mutating func openRoute(of shard: Int) -> ShardRoute? {
        guard homes.indices.contains(shard), !isShutDown else { return nil }
        var next = OpenRoute()
        next.arrivals = takesArrivals(shard) ? hosted.shards[shard]?.version : nil
        let isFree = buffers[shard].isEmpty && !buffers.hasLeftover[shard]
        if isFree, homes[shard].isOpen, canSend(shard), let target = homes[shard].target,
            target != own ? sequence < ShardRoute.highestFirst : next.arrivals != nil
        {
            next.node = target
            next.version = homes[shard].version
        }
        guard next.node != nil || next.arrivals != nil, next != homes[shard].route else { return nil }
        var sending = ShardRoute.Sending.none
        if let node = next.node {
            if node == own {
                sending = .local
            } else {
                homes[shard].send(to: node)
                sending = .remote(node, next.version, first: sequence + 1)
                // What this region sends from now on comes later than what the route sends.
                sequence += ShardRoute.numbers
            }
        }
        homes[shard].route = next
        return ShardRoute(sending: sending, arrivals: next.arrivals)
    }

    /// Whether deliveries to the shard go to its entities at once.
    private func takesArrivals(_ shard: Int) -> Bool {
        guard let item = hosted.shards[shard], !settings.mutations.contains(.sendsInCircles) else { return false }
        return !item.isStopping && !item.isHolding && !lease.isLapsed
    }

    /// The shards whose routes were closed since the last call. They MUST be closed before any effect is performed.
    package mutating func takeClosedRoutes() -> [Int] { homes.takeClosedRoutes() }

    /// A node is silent from now on, or no longer: what callers send to it waits here.
    mutating func closeSilentRoutes() {
        guard !view.silent.isEmpty else { return }
        for shard in homes.indices where homes[shard].route.map({ isSilent($0.node) }) ?? false {
            homes.closeRoute(shard)
        }
    }

    /// Entities got messages over routes. What is known of an entity's use is not complete before this call.
    ///
    /// - Parameter uses: In the order of the last use.
    package mutating func onUses(_ uses: [EntityUse]) {
        for use in uses {
            let (shard, name) = (use.instance.shard, use.instance.entity)
            guard hosted.entities.indices.contains(shard),
                hosted.entities[shard][name]?.instance == use.instance.number
            else { continue }
            hosted.entities[shard][name]?.use(use.count, at: use.lastUsed)
            hosted.shards[shard]?.handled += use.count
            if let slot = hosted.entities[shard][name]?.slot { usage.touch(slot, use.count, at: use.lastUsed) }
        }
    }
}

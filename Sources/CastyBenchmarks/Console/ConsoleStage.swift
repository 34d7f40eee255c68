package import CastyConsole
import CastyCore
import CastyObservability

/// A console over a made-up cluster of any size: quiet, or under a load that changes every figure.
package struct ConsoleStage {
    private let nodes: [UniqueAddress]
    private let homes: [ShardHome]
    private let isLoaded: Bool
    private var now = Instant.start + .seconds(100)
    private var version: UInt64 = 1
    package private(set) var feed = ConsoleFeed()
    package var state: ConsoleState
    package var buffer: CellBuffer

    /// A cluster that has converged, on a screen of this size.
    ///
    /// - Parameter loaded: Whether messages change the figures of shards and entities.
    package init(nodes count: Int, shards: Int, width: Int, height: Int, loaded: Bool) {
        nodes = (1...count).map {
            UniqueAddress(address: NodeAddress(host: "127.0.0.\($0)", port: 25520), incarnation: 1)
        }
        let owners = nodes
        homes = (0..<shards).map { ShardHome(shard: $0, node: owners[$0 % count]) }
        isLoaded = loaded
        state = ConsoleState(options: ConsoleOptions(), mode: .live)
        state.resize(width: width, height: height)
        buffer = CellBuffer(width: width, height: height)
        // As long as the longest curve on the screen.
        for _ in 0..<300 { pass(.milliseconds(250)) }
    }

    /// Lets time pass, and takes in what the cluster then is.
    package mutating func pass(_ span: Duration) {
        now = now + span
        if isLoaded { version += 1 }
        feed.take(snapshot)
    }

    /// Takes in what the cluster still is, as a screen does before each frame.
    package mutating func look() { feed.take(feed.snapshot) }

    /// Presses a key.
    package mutating func press(_ key: Key) { _ = state.handle(key, feed: feed) }

    /// Draws into ``buffer``.
    package mutating func draw() { Renderer.draw(feed, state, into: &buffer) }

    private var snapshot: ClusterSnapshot {
        ClusterSnapshot(
            time: now, version: version, nodes: nodes.indices.map(node),
            envelopesPerSecond: isLoaded ? Double(4900 + version % 200) : 0)
    }

    private func node(_ index: Int) -> NodeSnapshot {
        var membership = MembershipSnapshot(
            members: nodes.indices.map {
                MemberSnapshot(node: nodes[$0], name: "n\($0 + 1)", status: .up, upNumber: $0 + 1)
            }, leader: nodes[0], oldest: nodes[0], converged: true)
        membership.clock = nodes.indices.map { ClockEntry(node: nodes[$0], name: "n\($0 + 1)", counter: 40) }
        membership.gossipVersion = 40
        membership.digest = 40
        membership.seenBy = nodes
        membership.peers = (1...min(9, max(1, nodes.count - 1))).map { peer((index + $0) % nodes.count) }
        let shards = homes.filter { $0.shard % nodes.count == index }.map { home in
            ShardSnapshot(
                shard: home.shard, state: .running, entityCount: 5,
                handled: isLoaded ? version * UInt64(1 + home.shard % 7) : 12)
        }
        let sharding = ShardingSnapshot(
            type: "account", shardCount: homes.count, homes: homes, shards: shards, registered: true, epoch: 1)
        return NodeSnapshot(
            name: "n\(index + 1)", node: nodes[index], time: now, version: version, membership: membership,
            sharding: [sharding], actors: ActorsSnapshot(live: 120, handled: isLoaded ? version * 500 : 9000))
    }

    /// A peer whose heartbeats come every 200 ms.
    private func peer(_ index: Int) -> PeerSnapshot {
        let beat = now.nanoseconds / 200_000_000 * 200_000_000
        let silence = Double(now.nanoseconds - beat) / 1e9
        return PeerSnapshot(
            node: nodes[index], name: "n\(index + 1)", phi: 0.05 + silence / 4, threshold: 8, mean: .milliseconds(202),
            deviation: .milliseconds(50), acceptablePause: .seconds(1), lastHeartbeat: Instant(nanoseconds: beat),
            suspicionDeadline: Instant(nanoseconds: beat) + .milliseconds(2430), samples: 200)
    }
}

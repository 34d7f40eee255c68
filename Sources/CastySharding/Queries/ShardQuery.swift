import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
import Synchronization

/// A query to the regions of one shard type.
enum ShardQuery: Codable, Sendable {
    /// The statistics of the shards from this one on.
    case statistics(from: Int)
    case entities(containing: String, after: String?, limit: Int)
    case hottest(Int)
}

/// A query that is sent to another node.
struct ShardQuestion: Codable, Sendable {
    let type: String
    let query: ShardQuery
    let replyTo: ActorRef<ShardAnswer>
}

/// One region's answer.
enum ShardAnswer: Codable, Sendable {
    /// The statistics of some of the shards; the rest begins at `next`.
    case statistics(RegionStatistics, next: Int?)
    case entities([EntityStatistics], hasMore: Bool)
    /// The type does not run on this node.
    case notHosted
}

extension ShardQuery {
    /// The remaining query after this answer; `nil` if it was the last.
    func rest(after answer: ShardAnswer) -> ShardQuery? {
        guard case .statistics(let first) = self, case .statistics(_, let next?) = answer, next > first else {
            return nil
        }
        return .statistics(from: next)
    }
}

extension ShardAnswer {
    /// An upper bound for every count of a region; a million such counts add up without overflow.
    private static let most = 1 << 40

    /// Whether its numbers are plausible: a peer may have sent any, and they are added up.
    var isPlausible: Bool {
        func isCount(_ number: Int) -> Bool { (0...Self.most).contains(number) }
        func isShard(_ number: Int) -> Bool { (0..<16_384).contains(number) }
        switch self {
        case .statistics(let region, let next):
            return isCount(region.buffered) && (next.map { (0...16_384).contains($0) } ?? true)
                && region.shards.allSatisfy {
                    isShard($0.shard) && isCount($0.entities) && isCount($0.buffered) && $0.handled <= UInt64(Self.most)
                } && region.buffers.allSatisfy { isShard($0.shard) && isCount($0.count) }
        case .entities(let page, _):
            return page.count <= RegionHost.mostEntities
                && page.allSatisfy { isShard($0.shard) && $0.handled <= UInt64(Self.most) }
        case .notHosted: return true
        }
    }
}

extension RegionHost {
    /// The most entities in one answer, and about the most bytes of their ids: an answer is one frame.
    static var mostEntities: Int { 1000 }
    private static var mostBytes: Int { 160 * 1024 }
    /// The most shards in one answer.
    static var mostShards: Int { 1000 }

    /// Answers a query for this node's region.
    func answer(_ query: ShardQuery) -> ShardAnswer {
        let now = cluster.system.now
        guard let cores else { return .notHosted }
        learnUses()
        switch query {
        case .statistics(let first):
            // A peer may send any number.
            let start = min(max(0, first), settings.shardCount)
            let end = min(start + Self.mostShards, settings.shardCount)
            return .statistics(
                statistics(cores.region.status, shards: start..<end, at: now),
                next: end < settings.shardCount ? end : nil)
        case .entities(let text, let last, let limit):
            let limit = min(max(0, limit), Self.mostEntities)
            let (page, hasMore) = cores.region.entities(containing: text, after: last, limit: limit)
            let fitting = fitting(page)
            return .entities(
                fitting.map { statistics($0, at: now) }, hasMore: hasMore || fitting.count < page.count)
        case .hottest(let count):
            let page = cores.region.hottestEntities(limit: min(max(0, count), Self.mostEntities))
            return .entities(fitting(page).map { statistics($0, at: now) }, hasMore: false)
        }
    }

    private func fitting(_ page: [EntityStatus]) -> ArraySlice<EntityStatus> {
        var bytes = 0
        let host = cluster.system.unique.address.host.utf8.count
        return page.prefix { entity in
            // In JSON a control character takes six bytes, a quotation mark two.
            bytes += entity.entity.utf8.reduce(host + 160) { $0 + ($1 < 0x20 ? 6 : 2) }
            return bytes <= Self.mostBytes
        }
    }

    private func statistics(_ entity: EntityStatus, at now: Instant) -> EntityStatistics {
        EntityStatistics(
            id: entity.entity, shard: entity.shard, node: cluster.system.unique, state: entity.phase.shown.rawValue,
            handled: entity.handled, idle: max(.zero, now - entity.lastUsed))
    }

    private func statistics(_ status: RegionStatus, shards: Range<Int>, at now: Instant) -> RegionStatistics {
        RegionStatistics(
            node: cluster.system.unique, isRegistered: status.isRegistered,
            shards: status.hosted.filter { shards.contains($0.shard) }.map { hosted in
                HostedShardStatistics(
                    shard: hosted.shard, state: hosted.phase.shown.rawValue, entities: hosted.entities,
                    handled: hosted.handled,
                    buffered: hosted.buffered)
            },
            buffers: status.buffers.filter { shards.contains($0.shard) }.map { buffer in
                ShardBuffer(shard: buffer.shard, count: buffer.count, age: max(.zero, now - buffer.since))
            }, buffered: status.buffered)
    }
}

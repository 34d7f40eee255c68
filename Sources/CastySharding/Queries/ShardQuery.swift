import CastyActors
import CastyCluster
import CastyPlacement
import CastyPrimitives
import Synchronization

/// What may be asked of the regions of one shard type.
enum ShardQuery: Codable, Sendable {
    case statistics
    case entities(containing: String, after: String?, limit: Int)
    case hottest(Int)
}

/// A query on its way to another node.
struct ShardQuestion: Codable, Sendable {
    let type: String
    let query: ShardQuery
    let replyTo: ActorRef<ShardAnswer>
}

/// One region's answer.
enum ShardAnswer: Codable, Sendable {
    case statistics(RegionStatistics)
    case entities([EntityStatistics], hasMore: Bool)
    /// The type does not run on this node.
    case notHosted
}

extension RegionHost {
    /// The most entities in one answer, and about how many bytes their names may take: an answer is one frame.
    static var mostEntities: Int { 1000 }
    private static var mostBytes: Int { 96 * 1024 }

    /// Answers for this node's region.
    func answer(_ query: ShardQuery) -> ShardAnswer {
        let now = cluster.system.now
        return shell.withLock { shell in
            guard let region = shell?.region else { return .notHosted }
            switch query {
            case .statistics: return .statistics(statistics(region.status, at: now))
            case .entities(let text, let last, let limit):
                let limit = min(max(0, limit), Self.mostEntities)
                let (page, hasMore) = region.entities(containing: text, after: last, limit: limit)
                let fitting = fitting(page)
                return .entities(
                    fitting.map { statistics($0, at: now) }, hasMore: hasMore || fitting.count < page.count)
            case .hottest(let count):
                let page = region.hottestEntities(limit: min(max(0, count), Self.mostEntities))
                return .entities(fitting(page).map { statistics($0, at: now) }, hasMore: false)
            }
        }
    }

    private func fitting(_ page: [EntityStatus]) -> ArraySlice<EntityStatus> {
        var bytes = 0
        return page.prefix { entity in
            bytes += entity.entity.utf8.count + 96
            return bytes <= Self.mostBytes
        }
    }

    private func statistics(_ entity: EntityStatus, at now: Instant) -> EntityStatistics {
        EntityStatistics(
            id: entity.entity, shard: entity.shard, node: cluster.system.unique, state: entity.phase.word,
            handled: entity.handled, idle: max(.zero, now - entity.lastUsed))
    }

    private func statistics(_ status: RegionStatus, at now: Instant) -> RegionStatistics {
        RegionStatistics(
            node: cluster.system.unique, isRegistered: status.isRegistered,
            shards: status.hosted.map { hosted in
                HostedShardStatistics(
                    shard: hosted.shard, state: hosted.phase.word, entities: hosted.entities, handled: hosted.handled,
                    kept: hosted.kept)
            },
            buffers: status.buffers.map { buffer in
                ShardBuffer(shard: buffer.shard, count: buffer.count, age: max(.zero, now - buffer.since))
            }, kept: status.kept)
    }
}

import CastyActors
import CastyCore

extension ShardRegion {
    /// The statistics of every region and shard of this type, from all nodes that answer in time.
    ///
    /// - Parameter timeout: How long to wait; nodes that have not answered by then are in `failed`.
    public func statistics(within timeout: Duration = .seconds(3)) async -> ShardStatistics {
        await withUnsafeContinuation { continuation in
            statistics(within: timeout) { continuation.resume(returning: $0) }
        }
    }

    /// The same, with a callback.
    package func statistics(within timeout: Duration, completion: @escaping @Sendable (ShardStatistics) -> Void) {
        queries.ask(.statistics(from: 0), within: timeout) { answers, failed in
            var regions: [RegionStatistics] = []
            for case .statistics(let page, _) in answers {
                if let last = regions.indices.last, regions[last].node == page.node {
                    regions[last].shards += page.shards
                    regions[last].buffers += page.buffers
                } else {
                    regions.append(page)
                }
            }
            completion(ShardStatistics(regions: regions, failed: failed))
        }
    }

    /// A page of the entities that run anywhere in the cluster, by id.
    ///
    /// - Parameters:
    ///   - text: Only ids that contain it; the empty text is in all of them.
    ///   - last: Only ids after this one: ``EntityPage/next`` of the page before.
    ///   - limit: The most entities to return, 1…1000.
    ///   - timeout: How long to wait; nodes that have not answered by then are in `failed`.
    public func entities(
        containing text: String = "", after last: String? = nil, limit: Int = 100,
        within timeout: Duration = .seconds(3)
    ) async -> EntityPage {
        await withUnsafeContinuation { continuation in
            entities(containing: text, after: last, limit: limit, within: timeout) {
                continuation.resume(returning: $0)
            }
        }
    }

    /// The same, with a callback.
    package func entities(
        containing text: String, after last: String?, limit: Int, within timeout: Duration,
        completion: @escaping @Sendable (EntityPage) -> Void
    ) {
        let limit = min(max(1, limit), RegionHost.mostEntities)
        queries.ask(.entities(containing: text, after: last, limit: limit), within: timeout) { answers, failed in
            var all: [EntityStatistics] = []
            var hasMore = false
            // Past the end of a truncated answer, the entities of other nodes are not the next ones.
            var end: String?
            for case .entities(let part, let isCut) in answers {
                all += part
                guard isCut else { continue }
                hasMore = true
                if let last = part.last?.id { end = min(end ?? last, last) }
            }
            if let end { all.removeAll { $0.id > end } }
            all.sort { ($0.id, $0.node) < ($1.id, $1.node) }
            hasMore = hasMore || all.count > limit
            let page = Array(all.prefix(limit))
            completion(EntityPage(entities: page, next: hasMore ? page.last?.id : nil, failed: failed))
        }
    }

    /// The entities with the most messages delivered since they started, the busiest first, wherever they run.
    ///
    /// - Parameters:
    ///   - count: The most entities to return, 1…1000.
    ///   - timeout: How long to wait; nodes that have not answered by then are in `failed`.
    public func hottest(_ count: Int = 10, within timeout: Duration = .seconds(3)) async -> EntityPage {
        await withUnsafeContinuation { continuation in
            hottest(count, within: timeout) { continuation.resume(returning: $0) }
        }
    }

    /// The same, with a callback.
    package func hottest(
        _ count: Int, within timeout: Duration, completion: @escaping @Sendable (EntityPage) -> Void
    ) {
        let count = min(max(1, count), RegionHost.mostEntities)
        queries.ask(.hottest(count), within: timeout) { answers, failed in
            var all: [EntityStatistics] = []
            for case .entities(let part, _) in answers { all += part }
            all.sort { $0.handled != $1.handled ? $0.handled > $1.handled : ($0.id, $0.node) < ($1.id, $1.node) }
            completion(EntityPage(entities: Array(all.prefix(count)), next: nil, failed: failed))
        }
    }
}

import CastyCore
import CastyObservability

/// One shard as the whole testbed shows it.
struct ShardCell: Hashable, Sendable {
    var shard: Int
    /// The node that hosts it, or its host in the observer's view; `nil` if it has no home.
    var owner: String?
    var hosted = false
    var moving = false
    var ownerUnreachable = false
    /// The reason why it has no home, if it needs one.
    var unplaced: Unavailability?
    var entities = 0
    var handled: UInt64 = 0
    var rate = 0.0
    var state: ShardSnapshot.State?
    var listed: [EntitySnapshot] = []
}

/// The shards of one type: their locations and their load.
struct ShardReading: Sendable {
    let type: String
    let cells: [ShardCell]
    let buffered: Int
    /// The number of entities that were remembered when the shards started at their current homes, and the number of
    /// those that have started since.
    let remembered: Int
    let restarted: Int
    /// The first node that cannot record remembered entities at present, and the reason.
    let storeTrouble: (node: String, trouble: StoreTrouble)?
    /// Why shards of the type cannot get a home at present, according to the first node that knows a reason.
    let unavailable: Unavailability?
    let coordinator: String?
    let coordinating: CoordinatorSnapshot?
    /// The nodes that a rebuilding coordinator waits for.
    let awaited: [String]
    let epoch: UInt64
    /// Owners with the numbers of their shards and entities, by node number.
    let owners: [(name: String, shards: Int, entities: Int)]

    /// The types that any node reports, by name.
    static func types(in snapshot: ClusterSnapshot) -> [String] {
        var names: [String] = []
        for node in snapshot.nodes {
            for region in node.sharding where !names.contains(region.type) { names.append(region.type) }
        }
        return names.sorted()
    }

    init(type: String, _ feed: ConsoleFeed, _ reading: ClusterReading) {
        self.type = type
        var count = 0
        var waiting = 0
        var (remembered, restarted) = (0, 0)
        var trouble: (node: String, trouble: StoreTrouble)?
        var unavailable: Unavailability?
        var unplaced: [Int: Unavailability] = [:]
        var coordinating: CoordinatorSnapshot?
        var coordinator: String?
        var epoch: UInt64 = 0
        for node in feed.snapshot.nodes {
            for region in node.sharding where region.type == type {
                // A peer may claim any number; the drawn number is bounded.
                count = max(count, min(region.shardCount, 1 << 16))
                guard node.state == .running else { continue }
                waiting += region.buffered
                remembered += region.shards.reduce(0) { $0 + $1.remembered }
                restarted += region.shards.reduce(0) { $0 + $1.restarted }
                trouble = trouble ?? region.storeTrouble.map { (node.name, $0) }
                unavailable = unavailable ?? region.unavailable
                for item in region.unplaced where unplaced[item.shard] == nil { unplaced[item.shard] = item.cause }
                if let active = region.coordinating, active.epoch >= coordinating?.epoch ?? 0 {
                    coordinating = active
                    coordinator = node.name
                    epoch = active.epoch
                }
            }
        }
        var cells = (0..<max(0, count)).map { ShardCell(shard: $0) }
        let view = reading.observer?.sharding.first { $0.type == type }
        for home in view?.homes ?? [] where cells.indices.contains(home.shard) {
            cells[home.shard].moving = home.moving
        }
        for node in Self.hosts(feed.snapshot, reading) {
            for region in node.sharding where region.type == type {
                let rates = feed.rates.rates(of: type, on: node.name)
                for shard in region.shards where cells.indices.contains(shard.shard) {
                    cells[shard.shard].owner = node.name
                    cells[shard.shard].hosted = true
                    cells[shard.shard].entities = shard.entityCount
                    cells[shard.shard].handled = shard.handled
                    cells[shard.shard].rate = rates[shard.shard] ?? 0
                    cells[shard.shard].state = shard.state
                    cells[shard.shard].listed = shard.entities
                    if shard.state == .handingOff { cells[shard.shard].moving = true }
                }
            }
        }
        for home in view?.homes ?? [] where cells.indices.contains(home.shard) && !cells[home.shard].hosted {
            cells[home.shard].owner = reading.names[home.node] ?? home.node.address.description
        }
        let lost = Set(
            reading.rows.filter {
                $0.displayStatus == .unreachable || $0.displayStatus == .down
                    || $0.displayStatus == .removed || !$0.alive
            }.map(
                \.name))
        for index in cells.indices {
            if let owner = cells[index].owner {
                if !lost.isEmpty { cells[index].ownerUnreachable = lost.contains(owner) }
            } else {
                cells[index].unplaced = unplaced[index]
            }
        }
        self.cells = cells
        owners = Self.owners(of: cells)
        buffered = waiting
        self.remembered = remembered
        self.restarted = restarted
        storeTrouble = trouble
        self.unavailable = unavailable
        self.coordinating = coordinating
        awaited = (coordinating?.awaited ?? []).map { reading.names[$0] ?? $0.address.description }
        self.coordinator = coordinator
        self.epoch = epoch
    }

    /// The nodes whose shards count, those that count most last: a frozen node that was removed still believes that it
    /// hosts some, and so does one that does not know yet that the others go on without it.
    private static func hosts(_ snapshot: ClusterSnapshot, _ reading: ClusterReading) -> [NodeSnapshot] {
        let outside = Set(
            reading.rows.filter { $0.displayStatus == .removed || $0.displayStatus == .unknown }.map(\.name))
        let isHost = { (node: NodeSnapshot) in
            node.state == .running || node.state == .frozen && !outside.contains(node.name)
        }
        let hosts = snapshot.nodes.filter(isHost)
        guard !outside.isEmpty else { return hosts }
        return hosts.filter { outside.contains($0.name) } + hosts.filter { !outside.contains($0.name) }
    }

    private static func owners(of cells: [ShardCell]) -> [(name: String, shards: Int, entities: Int)] {
        var totals: [String: (Int, Int)] = [:]
        for cell in cells {
            guard let owner = cell.owner else { continue }
            let total = totals[owner] ?? (0, 0)
            totals[owner] = (total.0 + 1, total.1 + cell.entities)
        }
        return ClusterReading.inOrder(Array(totals.keys)).map { name in
            (name, totals[name]?.0 ?? 0, totals[name]?.1 ?? 0)
        }
    }
}

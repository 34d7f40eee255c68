import CastyCore
import CastyObservability

/// One shard as the whole testbed shows it.
struct ShardCell: Hashable, Sendable {
    var shard: Int
    /// The node that hosts it, or its host in the observer's view; `nil` if it has no home.
    var owner: String?
    /// The position of that node in ``ShardReading/names``.
    var host: Int?
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

    /// Takes over what a host reports.
    fileprivate mutating func take(_ shard: ShardSnapshot, of node: String, _ index: Int) {
        if host != index { (owner, host, rate) = (node, index, 0) }
        hosted = true
        entities = shard.entityCount
        handled = shard.handled
        state = shard.state
        listed = shard.entities
        if shard.state == .handingOff { moving = true }
    }
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
    /// The names of the nodes that cells refer to.
    let names: [String]
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
        var hosts = Hosts(reading)
        var cells = (0..<max(0, count)).map { ShardCell(shard: $0) }
        let homes = reading.observer?.sharding.first { $0.type == type }?.homes ?? []
        for index in homes.indices where homes[index].moving && cells.indices.contains(homes[index].shard) {
            cells[homes[index].shard].moving = true
        }
        for node in Self.hosts(feed.snapshot, reading) {
            let host = hosts.index(of: node.name)
            for region in node.sharding where region.type == type {
                for shard in region.shards where cells.indices.contains(shard.shard) {
                    cells[shard.shard].take(shard, of: node.name, host)
                }
                // The order of the entries does not matter: each belongs to a cell of its own.
                for (shard, rate) in feed.rates.rates(of: type, on: node.name)
                where cells.indices.contains(shard) && cells[shard].host == host { cells[shard].rate = rate }
            }
        }
        for index in homes.indices {
            let shard = homes[index].shard
            guard cells.indices.contains(shard), !cells[shard].hosted else { continue }
            let node = homes[index].node
            let name = reading.names[node] ?? node.address.description
            cells[shard].owner = name
            cells[shard].host = hosts.index(of: name)
        }
        for index in cells.indices {
            if let host = cells[index].host {
                cells[index].ownerUnreachable = hosts.areLost[host]
            } else {
                cells[index].unplaced = unplaced[index]
            }
        }
        self.cells = cells
        names = hosts.names
        owners = hosts.owners(of: cells)
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

    /// The nodes that cells refer to, numbered: to compare names for each of thousands of cells would take long.
    private struct Hosts {
        private(set) var names: [String] = []
        /// Whether each is unreachable, down, removed or dead.
        private(set) var areLost: [Bool] = []
        private var indices: [String: Int] = [:]
        private let lost: Set<String>

        init(_ reading: ClusterReading) {
            let gone = reading.rows.filter {
                $0.displayStatus == .unreachable || $0.displayStatus == .down || $0.displayStatus == .removed
                    || !$0.alive
            }
            lost = Set(gone.map(\.name))
        }

        mutating func index(of name: String) -> Int {
            if let index = indices[name] { return index }
            indices[name] = names.count
            names.append(name)
            areLost.append(lost.contains(name))
            return names.count - 1
        }

        func owners(of cells: [ShardCell]) -> [(name: String, shards: Int, entities: Int)] {
            var totals = names.map { (name: $0, shards: 0, entities: 0) }
            for index in cells.indices {
                guard let host = cells[index].host else { continue }
                totals[host].shards += 1
                totals[host].entities += cells[index].entities
            }
            return totals.filter { $0.shards > 0 }.map { (ClusterReading.number(in: $0.name), $0) }
                .sorted { ($0.0, $0.1.name) < ($1.0, $1.1.name) }.map(\.1)
        }
    }
}

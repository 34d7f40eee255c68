import CastyCore
import CastyPlacement
import CastySerialization
import NIOCore
import Testing

@testable import CastySharding

/// The largest of everything that sharding says.
@Suite("Largest messages")
struct LargestMessageTests {
    private static let shardCount = 16_384
    private static let frame = 256 * 1024
    /// What surrounds a message in its frame: the header, and both nodes and the type in the envelope.
    private static let around = 2048

    /// A node with the longest of all names.
    private static func node(_ number: Int) -> UniqueAddress {
        let name = String(repeating: "n", count: 250) + String(10_000 + number)
        return UniqueAddress(address: NodeAddress(host: name, port: 65_535), incarnation: .max - UInt64(number))
    }

    /// Three nodes whose messages all travel as bytes, in order, at once.
    private struct Cluster {
        var settings = PlacementSettings()
        var regions: [UniqueAddress: Region<String>] = [:]
        var coordinators: [UniqueAddress: ShardCoordinator] = [:]
        var queue: [(from: UniqueAddress, to: UniqueAddress, message: ShardingMessage<String>)] = []
        var largest = 0
        var count = 0

        init(_ numbers: [Int]) {
            settings.shardCount = LargestMessageTests.shardCount
            for node in numbers.map(LargestMessageTests.node) {
                regions[node] = Region(own: node, settings: settings)
                coordinators[node] = ShardCoordinator(own: node, settings: settings)
            }
        }

        mutating func see(_ numbers: [Int], at now: Instant) throws {
            let members = numbers.map { PlacementMember(node: LargestMessageTests.node($0), upNumber: $0 << 40) }
            for node in members.map(\.node) {
                let view = PlacementView(own: node, members: members)
                take(regions[node]?.onView(view, at: now) ?? [], of: node)
                take(coordinators[node]?.onView(view, at: now) ?? [], of: node)
            }
            try settle(at: now)
        }

        mutating func wake(_ numbers: [Int], at now: Instant) throws {
            for node in numbers.map(LargestMessageTests.node) {
                take(regions[node]?.onWakeup(at: now) ?? [], of: node)
                take(coordinators[node]?.onWakeup(at: now) ?? [], of: node)
            }
            try settle(at: now)
        }

        mutating func take(_ effects: [RegionEffect<String>], of node: UniqueAddress) {
            for case .send(let to, let message) in effects { queue.append((node, to, message)) }
        }

        mutating func take(_ effects: [CoordinatorEffect], of node: UniqueAddress) {
            for case .send(let to, let epoch, let order) in effects { queue.append((node, to, .order(epoch, order))) }
        }

        mutating func settle(at now: Instant) throws {
            while !queue.isEmpty {
                let messages = queue
                queue = []
                for (from, to, message) in messages {
                    switch message {
                    case .request(let request):
                        let request = try travel(request)
                        take(coordinators[to]?.onRequest(request, from: from, at: now) ?? [], of: to)
                    case .order(let epoch, let order):
                        let order = try travel(order)
                        take(regions[to]?.onMessage(.order(epoch, order), from: from, at: now) ?? [], of: to)
                    case .peer:
                        take(regions[to]?.onMessage(message, from: from, at: now) ?? [], of: to)
                    }
                }
            }
        }

        private mutating func travel<Message: NativeCodable>(_ message: Message) throws -> Message {
            var buffer = ByteBuffer()
            message.encode(into: &buffer)
            largest = max(largest, buffer.readableBytes)
            count += 1
            return try Message(from: &buffer)
        }
    }

    @Test(
        "With 16384 shards and the longest names every message of a start and of a takeover fits into a frame, and arrives"
    )
    func takeover() throws {
        var cluster = Cluster([1, 2, 3])
        try cluster.see([1, 2, 3], at: .start)
        cluster.queue.append((Self.node(2), Self.node(1), .request(.homes(of: Array(0..<Self.shardCount)))))
        try cluster.settle(at: .start)
        for region in cluster.regions.values {
            #expect(region.status.homes.count == Self.shardCount)
            #expect(region.status.hosted.count > 5000)
        }
        // The first dies; the second rebuilds what it knew from the other two, and gives its shards away after the margin.
        let later = Instant.start + .seconds(10)
        try cluster.see([2, 3], at: later)
        let status = try #require(cluster.coordinators[Self.node(2)]?.status(at: later))
        #expect(status.phase == .active)
        #expect(status.regions.map(\.shards).reduce(0, +) > 10_000)
        for round in 1...2 { try cluster.wake([2, 3], at: later + .seconds(4 * round)) }
        for number in [2, 3] {
            let region = try #require(cluster.regions[Self.node(number)])
            #expect(region.status.isRegistered)
            #expect(region.status.homes.count >= Self.shardCount - cluster.settings.absoluteHandoffLimit)
        }
        #expect(cluster.largest + Self.around <= Self.frame, "\(cluster.largest) bytes")
        #expect(cluster.largest > 50_000, "the cluster was large enough to see something")
    }

    @Test("What operators asked for fits into one message, and a pin more than fits is refused")
    func intents() throws {
        var settings = PlacementSettings()
        settings.shardCount = Self.shardCount
        var coordinator = ShardCoordinator(own: Self.node(1), settings: settings)
        let members = (1...2).map { PlacementMember(node: Self.node($0), upNumber: $0) }
        _ = coordinator.onView(PlacementView(own: Self.node(1), members: members), at: .start)
        var intents = Intents()
        intents.version = ShardVersion(epoch: CoordinatorEpoch(upNumber: .max, start: .max), sequence: .max)
        intents.pins = (0..<16_200).map { ShardPin(shard: $0, address: Self.node($0 % 2).address) }
        for number in 1...2 {
            var registration = Registration(number: 1, shardCount: Self.shardCount, accepts: true)
            if number == 2 { registration.intents = intents }
            _ = coordinator.onRequest(.register(registration), from: Self.node(number), at: .start)
        }
        var accepted = 0
        var refusal: CommandAnswer?
        for shard in 16_200..<Self.shardCount where refusal == nil {
            let command = OperatorCommand.pin(shard: shard, to: Self.node(2).address)
            for case .send(_, _, .answer(_, let answer))
                in coordinator.onRequest(.command(id: 1, command), from: Self.node(1), at: .start)
            {
                if case .accepted = answer { accepted += 1 } else { refusal = answer }
            }
        }
        #expect(accepted > 40)
        #expect(refusal == .refused(.tooManyIntents))
        let known = coordinator.status(at: .start).intents
        var buffer = ByteBuffer()
        known.encode(into: &buffer)
        #expect(buffer.readableBytes <= known.size)
        #expect(known.size <= ShardPages.intents)
        var last = Registration(
            number: .max, shardCount: Self.shardCount, accepts: true,
            hosted: (0..<ShardPages.reported).map {
                HostedShard(shard: Self.shardCount - 1 - $0, version: intents.version, isStopping: true)
            })
        last.leftovers = last.hosted.map(\.shard)
        last.known = last.leftovers
        last.intents = known
        buffer.clear()
        last.encode(into: &buffer)
        #expect(buffer.readableBytes + Self.around <= Self.frame, "\(buffer.readableBytes) bytes")
    }

    @Test("The parts of a registration count when the last has come after all others")
    func parts() throws {
        var settings = PlacementSettings()
        settings.shardCount = 4
        let own = Self.node(1)
        let version = ShardVersion(epoch: CoordinatorEpoch(upNumber: 1, start: 1), sequence: 1)
        func part(_ index: Int, of shards: [Int], number: UInt64 = 7) -> CoordinatorRequest {
            var part = Registration(
                number: number, shardCount: 4, accepts: true,
                hosted: shards.map { HostedShard(shard: $0, version: version) })
            (part.part, part.parts) = (index, 3)
            return .register(part)
        }
        func registered(_ requests: [CoordinatorRequest]) -> [Int]? {
            var coordinator = ShardCoordinator(own: own, settings: settings)
            let view = PlacementView(own: own, members: [PlacementMember(node: own, upNumber: 2)])
            _ = coordinator.onView(view, at: .start)
            for request in requests { _ = coordinator.onRequest(request, from: own, at: .start) }
            let status = coordinator.status(at: .start)
            return status.regions.isEmpty ? nil : status.shards.map(\.shard)
        }
        let parts = [part(0, of: [0]), part(1, of: [2]), part(2, of: [3])]
        #expect(registered(parts) == [0, 2, 3])
        #expect(registered(Array(parts.prefix(2))) == nil)
        #expect(registered([parts[0], parts[2]]) == nil)
        #expect(registered([parts[1], parts[2]]) == nil)
        #expect(registered([parts[0], parts[1], part(2, of: [3], number: 8)]) == nil)
        #expect(registered([parts[0]] + parts) == [0, 2, 3])
        #expect(registered([parts[0], parts[2]] + parts) == [0, 2, 3])
        let endless = (0..<40).map { part($0, of: [0, 1, 2, 3]) }
        #expect(registered(endless) == nil)
    }

    @Test("A query's answer fits into a frame, in JSON too")
    func answers() throws {
        let statistics = RegionStatistics(
            node: Self.node(1), isRegistered: true,
            shards: (0..<RegionHost.mostShards).map {
                HostedShardStatistics(
                    shard: Self.shardCount - $0, state: "handing-off", entities: .max, handled: .max, buffered: .max)
            },
            buffers: (0..<RegionHost.mostShards).map {
                ShardBuffer(shard: Self.shardCount - $0, count: 10_000, age: .seconds(1 << 40))
            }, buffered: .max)
        let registry = TypeRegistry()
        try registry.register(RegionStatistics.self, name: "statistics")
        let registered = try #require(registry.find(RegionStatistics.self))
        for codec in [CodecID.binary, .json] {
            var buffer = ByteBuffer()
            try registered.encode(statistics, with: codec, context: CodingContext(), into: &buffer)
            #expect(buffer.readableBytes + Self.around <= Self.frame, "\(codec): \(buffer.readableBytes) bytes")
        }
        #expect(
            ShardQuery.statistics(from: 0).rest(after: .statistics(statistics, next: 1000)).map { "\($0)" }
                == "\(ShardQuery.statistics(from: 1000))")
        #expect(ShardQuery.statistics(from: 1000).rest(after: .statistics(statistics, next: 1000)) == nil)
        #expect(ShardQuery.statistics(from: 1000).rest(after: .statistics(statistics, next: nil)) == nil)
    }
}

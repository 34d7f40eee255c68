import Casty
import CastyLive
import CastySQLite
import CoreMetrics
import Synchronization
import Testing

/// A metrics backend that stores what it is given.
private final class RecordingMetrics: MetricsFactory {
    struct State {
        var values: [String: [Double]] = [:]
        var released = 0
    }

    private let state = Mutex(State())

    /// All that was recorded, by name and dimensions.
    var values: [String: [Double]] { state.withLock { $0.values } }

    var names: Set<String> { Set(values.keys.map { String($0.prefix { $0 != "{" }) }) }

    /// The sum of what was recorded under a name.
    func sum(_ name: String, _ dimension: String = "") -> Double {
        values.filter { $0.key.hasPrefix(name + "{") && $0.key.contains(dimension) }.values.joined().reduce(0, +)
    }

    var released: Int { state.withLock { $0.released } }

    private func handler(_ label: String, _ dimensions: [(String, String)]) -> Handler {
        let labels = dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
        return Handler { [self] value in
            state.withLock { $0.values["\(label){\(labels)}", default: []].append(value) }
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        handler(label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { handler(label, dimensions) }

    func destroyCounter(_ handler: any CounterHandler) { state.withLock { $0.released += 1 } }
    func destroyRecorder(_ handler: any RecorderHandler) { state.withLock { $0.released += 1 } }
    func destroyTimer(_ handler: any TimerHandler) { state.withLock { $0.released += 1 } }
}

private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
    private let note: @Sendable (Double) -> Void

    init(_ note: @escaping @Sendable (Double) -> Void) {
        self.note = note
    }

    func increment(by amount: Int64) { note(Double(amount)) }
    func reset() {}
    func record(_ value: Int64) { note(Double(value)) }
    func record(_ value: Double) { note(value) }
    func recordNanoseconds(_ duration: Int64) { note(Double(duration)) }
}

@Suite struct MetricsTests {
    enum Count: Codable, Sendable {
        case add
        case breakStore
    }

    /// A store whose saves can fail.
    private final class FragileStore: EntityStore {
        private let states = InMemoryEntityStore()

        func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
            try await states.load(key, fence: fence)
        }

        func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
            if state.isEmpty { throw EntityStoreError(.unavailable, "broken on purpose") }
            try await states.save(state, for: key, fence: fence)
        }

        func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
            try await states.delete(key, fence: fence)
        }
    }

    private static func counter(_ entity: EntityContext) -> Behavior<Count> {
        .setup { _ in
            .awaiting {
                _ = try await entity.load()
                return .receiveAsync { _, message in
                    switch message {
                    case .add: try await entity.save([1])
                    case .breakStore: try? await entity.save([])
                    }
                    return .same
                }
            }
        }
    }

    @Test("every metric of the table is reported, with values that fit what happened", .timeLimit(.minutes(10)))
    func everyMetric() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        let config = ClusterConfig.responsive(seeds: [first, second])
        let backend = RecordingMetrics()
        var nodes: [CastyNode] = []
        for address in [first, second] {
            nodes.append(
                try await CastyNode.start(
                    name: "test", listen: address, cluster: config, entityStore: FragileStore(),
                    register: { try $0.register(Count.self, name: "test.count") }))
        }
        try nodes[0].report(to: backend, every: .milliseconds(20))
        #expect(throws: SpawnError.self) { try nodes[0].report(to: backend) }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == 2 }) { try await Task.sleep(for: .milliseconds(5)) }
        let regions = try nodes.map { try $0.sharding.start(type: "counter", shards: 8, entity: Self.counter) }
        for number in 0..<16 {
            regions[0].tell("counter-\(number)", .add)
            regions[0].tell("counter-\(number)", .breakStore)
        }
        // A loss: the actor has ended.
        let gone = try nodes[0].system.spawn(Behavior<Int>.stopped)
        while nodes[0].system.losses.isEmpty {
            gone.tell(1)
            try await Task.sleep(for: .milliseconds(5))
        }
        let all = Set(NodeMetric.allCases.map(\.rawValue))
        while !backend.names.isSuperset(of: all) { try await Task.sleep(for: .milliseconds(5)) }
        while backend.sum("casty.entities", "type=counter") == 0 { try await Task.sleep(for: .milliseconds(5)) }
        // Saves end some time after the messages: the first one is no failure.
        while backend.sum("casty.store.errors", "type=counter") == 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(backend.names == all)
        #expect(backend.sum("casty.association.bytes.sent", "\(second)") > 0)
        #expect(backend.sum("casty.association.frames.received", "\(second)") > 0)
        #expect(backend.sum("casty.messages.handled") > 0)
        #expect(backend.sum("casty.turns") > 0)
        #expect(backend.sum("casty.turns.time") > 0)
        #expect(backend.sum("casty.store.errors", "type=counter") > 0)
        #expect(backend.sum("casty.losses", "reason=noSuchActor") + backend.sum("casty.losses", "reason=no") > 0)
        #expect(backend.values["casty.members{status=up}"]?.last == 2)
        #expect(backend.values["casty.phi{peer=\(second)}"]?.isEmpty == false)
        #expect(backend.values["casty.association.protocol{peer=\(second)}"]?.last == 2)

        // The metrics of a node that is gone are released.
        await nodes[1].leave()
        while backend.values["casty.members{status=up}"]?.last != 1 { try await Task.sleep(for: .milliseconds(5)) }
        while backend.released == 0 { try await Task.sleep(for: .milliseconds(5)) }
        await nodes[0].leave()
    }

    @Test("counters add up to the totals, whatever the number of reports", .timeLimit(.minutes(10)))
    func counters() async throws {
        let address = try FreePort.address()
        let node = try await CastyNode.start(name: "test", listen: address, cluster: .responsive(seeds: [address]))
        let backend = RecordingMetrics()
        try node.report(to: backend, every: .milliseconds(10))
        let heard = Atomic<Int>(0)
        let actor = try node.system.spawn(
            Behavior<Int>.receive { _, _ in
                heard.add(1, ordering: .relaxed)
                return .same
            })
        for number in 0..<1000 { actor.tell(number) }
        while backend.sum("casty.messages.handled") < 1000 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(heard.load(ordering: .relaxed) == 1000)
        await node.leave()
    }

    @Test("without a backend nothing is reported")
    func none() async throws {
        let address = try FreePort.address()
        let node = try await CastyNode.start(name: "test", listen: address, cluster: .responsive(seeds: [address]))
        // Twice, because neither starts anything.
        try node.report(to: MetricsSystem.factory)
        try node.report(to: MetricsSystem.factory)
        #expect(node.system.losses.isEmpty)
        await node.leave()
    }
}

import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement
import CastySharding
import Synchronization

/// Measures the memory that passivated and idle entities use on their node.
struct EntityMemoryBench {
    private let node: ShardNode
    private let sinks: ShardRegion<Parcel>
    private let receipts: ReceiptCounter

    static var cases: [BenchCase] {
        [
            BenchCase(.shards, "a million entities asleep") { plan in
                let count = plan.amount(1_000_000, quick: 200_000)
                let batch = 10_000
                let bytes = try with(passivation: .init()) { bench in
                    // One batch first, so that the memory that the process reuses is allocated before the measurement.
                    try bench.touchAndPassivate(from: 0, batch)
                    let before = try Machine.usedBytes
                    for start in stride(from: batch, to: batch + count, by: batch) {
                        try bench.touchAndPassivate(from: start, batch)
                        if start / batch % 10 == 0 { plan.progress("shards: \(start) of \(count) entities asleep …") }
                    }
                    return try Machine.usedBytes - before
                }
                return [
                    Measurement(
                        name: "\(Measurement.text(Double(count))) entities asleep: memory that lasts", unit: "MB",
                        runs: [bytes / 1e6], goal: .atMost(16))
                ]
            },
            BenchCase(.shards, "100 k active idle entities") { plan in
                let count = 100_000
                let (bytes, seconds) = try with(passivation: .init()) { bench in
                    let before = try Machine.usedBytes
                    let started = Stopwatch()
                    try bench.touch(from: 0, count)
                    return (try Machine.usedBytes - before, started.seconds)
                }
                return [
                    Measurement(
                        name: "100 k active idle entities: memory", unit: "MB", runs: [bytes / 1e6],
                        goal: .atMost(200)),
                    Measurement(
                        name: "100 k active idle entities: starts", unit: "entities/s", runs: [Double(count) / seconds],
                        goal: .atLeast(100e3)),
                ]
            },
        ]
    }

    private static func with<Result>(
        passivation: PassivationSettings, _ body: (EntityMemoryBench) throws -> Result
    ) throws -> Result {
        let nodes = try ShardNodes(1)
        defer { nodes.end() }
        let receipts = try ReceiptCounter(nodes.nodes[0].system)
        return try body(
            EntityMemoryBench(node: nodes.nodes[0], sinks: try nodes.nodes[0].sinks(passivation), receipts: receipts))
    }

    private func name(_ number: Int) -> String { "sink-\(number)" }

    private func touch(from start: Int, _ count: Int) throws {
        let target = receipts.count + count
        for number in start..<(start + count) { sinks.tell(name(number), receipts.parcel) }
        try Machine.wait("\(count) entities have not all answered") { receipts.count >= target }
    }

    private func touchAndPassivate(from start: Int, _ count: Int) throws {
        try touch(from: start, count)
        for number in start..<(start + count) { sinks.passivate(name(number)) }
        try Machine.wait("\(count) entities are not all asleep", every: 20_000) {
            node.system.snapshot().sharding.allSatisfy { $0.shards.allSatisfy { $0.entityCount == 0 } }
        }
    }
}

/// Counts the receipts that entities send.
private final class ReceiptCounter: Sendable {
    private let counter = Shared(0)
    let parcel: Parcel

    init(_ system: ActorSystem) throws {
        let counter = counter
        let actor = try system.spawn(
            Behavior<Receipt>.receive { _, receipt in
                counter.value.wrappingAdd(receipt.count, ordering: .relaxed)
                return .same
            })
        parcel = Parcel(text: "", receipt: actor)
    }

    var count: Int { counter.value.load(ordering: .relaxed) }
}

extension Machine {
    fileprivate static var usedBytes: Double {
        get throws {
            guard let bytes = residentBytes else { throw BenchError("the system does not say how much is in use") }
            return bytes
        }
    }
}

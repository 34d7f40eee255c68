import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySharding
import Synchronization

/// Measures sharding over loopback TCP: messages from one node to entities on two others.
struct ShardBench {
    private let nodes: ShardNodes
    private let sinks: ShardRegion<Parcel>
    private let oracles: ShardRegion<Question>
    /// Entities of each type on nodes other than the first.
    private let farSinks: [String]
    private let farOracles: [String]

    private static let batch = 500
    /// The most batches in flight.
    private static let window = 16
    private static let python = "Casty for Python v1"

    static var cases: [BenchCase] {
        [
            tell("tell to entities elsewhere, 100 bytes, JSON", .json, 200_000, goal: 75e3),
            tell("tell to entities elsewhere, 100 bytes, binary", .binary, 1_000_000, goal: 250e3),
            BenchCase(.shards, "ask entities elsewhere, one caller") { plan in
                let count = plan.amount(20_000, quick: 5000)
                let runs = try with(.binary) { bench in
                    _ = try bench.ask(callers: 1, count: count)
                    return try (0..<plan.runs).map { _ in try bench.ask(callers: 1, count: count).times.sorted() }
                }
                return [
                    Measurement(
                        name: "ask entities elsewhere, one caller, p50", unit: "µs",
                        runs: runs.map { $0.quantile(0.5) }, goal: .atMost(60),
                        peer: .init(name: python, value: 710)),
                    Measurement(
                        name: "ask entities elsewhere, one caller, p99", unit: "µs",
                        runs: runs.map { $0.quantile(0.99) }, goal: .atMost(150),
                        peer: .init(name: python, value: 8600)),
                ]
            },
            BenchCase(.shards, "ask entities elsewhere, 64 callers") { plan in
                let count = plan.amount(200_000, quick: 50_000)
                let runs = try with(.binary) { bench in
                    _ = try bench.ask(callers: 64, count: count)
                    return try (0..<plan.runs).map { _ in
                        let (times, seconds) = try bench.ask(callers: 64, count: count)
                        return Double(times.count) / seconds
                    }
                }
                return [
                    Measurement(
                        name: "ask entities elsewhere, 64 callers", unit: "calls/s", runs: runs,
                        goal: .atLeast(100e3), peer: .init(name: python, value: 1200))
                ]
            },
        ]
    }

    private static func tell(_ name: String, _ codec: CodecID, _ count: Int, goal: Double) -> BenchCase {
        BenchCase(.shards, name) { plan in
            let count = plan.amount(count, quick: count / 5)
            let runs = try with(codec) { bench in
                _ = try bench.tell(bytes: 100, count: count)
                return try (0..<plan.runs).map { _ in try bench.tell(bytes: 100, count: count) }
            }
            return [
                Measurement(
                    name: name, unit: "messages/s", runs: runs, goal: .atLeast(goal),
                    peer: .init(name: python, value: 4200))
            ]
        }
    }

    private static func with<Result>(_ codec: CodecID, _ body: (ShardBench) throws -> Result) throws -> Result {
        let nodes = try ShardNodes(3, codec: codec)
        defer { nodes.end() }
        return try body(try ShardBench(nodes))
    }

    private init(_ nodes: ShardNodes) throws {
        self.nodes = nodes
        let sinks = try nodes.nodes.map { try $0.sinks() }
        let oracles = try nodes.nodes.map { try $0.oracles() }
        self.sinks = sinks[0]
        self.oracles = oracles[0]
        let all = nodes.nodes
        for type in ["sink", "oracle"] {
            try Machine.wait("not every region of \(type) is registered") {
                all.allSatisfy { $0.system.snapshot().sharding.first { $0.type == type }?.registered == true }
            }
        }
        // With a receipt, so that the entities restart their counts.
        let nobody = try all[0].system.spawn(Behavior<Receipt>.ignore)
        farSinks = try Self.settle("sink", nodes) { sinks[0].tell($0, Parcel(text: "", receipt: nobody)) }
        farOracles = try Self.settle("oracle", nodes) { name in
            oracles[0].ask(name, within: .seconds(10), { Question(number: 0, replyTo: $0) }) { (_: Result<Answer, _>) in
            }
        }
    }

    /// Starts entities; returns those on nodes other than the first.
    private static func settle(
        _ type: String, _ nodes: ShardNodes, touch: (String) -> Void
    ) throws -> [String] {
        let names = (1...192).map { "\(type)-\($0)" }
        for name in names { touch(name) }
        let all = nodes.nodes
        try Machine.wait("not all entities of \(type) run") {
            names.allSatisfy { name in all.contains { $0.sharding.hosts(name, type: type) } }
        }
        let far = names.filter { !all[0].sharding.hosts($0, type: type) }
        guard far.count >= 64 else { throw BenchError("only \(far.count) entities of \(type) live elsewhere") }
        return far
    }

    /// Sends texts from one actor; each batch goes to one entity, and its receipt lets the sender send another.
    private func tell(bytes: Int, count: Int) throws -> Double {
        let done = Gate()
        let total = count / Self.batch * Self.batch
        let text = String(repeating: "x", count: bytes)
        let (sinks, names) = (sinks, farSinks)
        let sender = try nodes.nodes[0].system.spawn(
            Behavior<Receipt>.stateful((left: total, arrived: 0, turn: 0)) { state, context, receipt in
                state.arrived += receipt.count
                if state.arrived == total {
                    done.open()
                    return .stopped
                }
                let parcel = Parcel(text: text, receipt: nil)
                let last = Parcel(text: text, receipt: context.`self`)
                for _ in 0..<(receipt.count == 0 ? Self.window : 1) where state.left > 0 {
                    let name = names[state.turn % names.count]
                    state.turn += 1
                    for _ in 1..<Self.batch { sinks.tell(name, parcel) }
                    sinks.tell(name, last)
                    state.left -= Self.batch
                }
                return .same
            })
        let started = Stopwatch()
        sender.tell(Receipt(count: 0))
        try done.wait(seconds: 60)
        return Double(total) / started.seconds
    }

    private enum Caller: Sendable {
        case next
        case answered(Result<Answer, AskError>)
    }

    /// Runs `callers` actors, each of which asks repeatedly; returns the latencies in microseconds and the total time.
    private func ask(callers: Int, count: Int) throws -> (times: [Double], seconds: Double) {
        let done = Gate()
        let working = Shared(callers)
        let all = Collected()
        let failure = Failure()
        let share = count / callers
        let (oracles, names) = (oracles, farOracles)
        let actors = try (0..<callers).map { caller in
            try nodes.nodes[0].system.spawn(
                Behavior<Caller>.stateful((times: [Double](), since: Stopwatch())) { state, context, message in
                    if case .answered(let result) = message {
                        state.times.append(state.since.seconds * 1e6)
                        if case .failure(let error) = result { failure.note(error) }
                        if state.times.count == share {
                            all.append(contentsOf: state.times)
                            if working.value.wrappingSubtract(1, ordering: .relaxed).newValue == 0 { done.open() }
                            return .stopped
                        }
                    }
                    let number = state.times.count
                    let me = context.`self`
                    state.since = Stopwatch()
                    oracles.ask(
                        names[(number + caller) % names.count], within: .seconds(10),
                        { Question(number: number, replyTo: $0) }, completion: { me.tell(.answered($0)) })
                    return .same
                })
        }
        let started = Stopwatch()
        for actor in actors { actor.tell(.next) }
        try done.wait(seconds: 60)
        let seconds = started.seconds
        try failure.check()
        return (all.all, seconds)
    }
}

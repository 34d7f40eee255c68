import CastyActors
import CastyCore
import CastySerialization
import Synchronization

/// Measures two processes over loopback TCP: this one, and a second instance of it.
struct RemoteBench {
    let node: RemoteNode
    let peer: NodeAddress

    private static let batch = 500
    /// The most batches in flight: enough to keep both ends busy, far fewer than the queues can hold.
    private static let window = 16

    static var cases: [BenchCase] {
        [
            tell("tell to another process, 100 bytes, JSON", .json, bytes: 100, 200_000, goal: 150e3),
            tell("tell to another process, 100 bytes, binary", .binary, bytes: 100, 2_000_000, goal: 1.5e6),
            tell("tell to another process, 1 KB, binary", .binary, bytes: 1000, 1_000_000, goal: 500e3),
            BenchCase(.remote, "ask another process, one caller") { plan in
                let count = plan.amount(20_000, quick: 5000)
                let runs = try with(.binary) { bench in
                    _ = try bench.ask(callers: 1, count: count)
                    return try (0..<plan.runs).map { _ in try bench.ask(callers: 1, count: count).times.sorted() }
                }
                return [
                    Measurement(
                        name: "ask another process, one caller, p50", unit: "µs", runs: runs.map { $0.quantile(0.5) },
                        goal: .atMost(40)),
                    Measurement(
                        name: "ask another process, one caller, p99", unit: "µs", runs: runs.map { $0.quantile(0.99) },
                        goal: .atMost(100)),
                ]
            },
            BenchCase(.remote, "ask another process, 64 callers") { plan in
                let count = plan.amount(300_000, quick: 60_000)
                let runs = try with(.binary) { bench in
                    _ = try bench.ask(callers: 64, count: count)
                    return try (0..<plan.runs).map { _ in
                        let (times, seconds) = try bench.ask(callers: 64, count: count)
                        return Double(times.count) / seconds
                    }
                }
                return [
                    Measurement(
                        name: "ask another process, 64 callers", unit: "calls/s", runs: runs, goal: .atLeast(150e3))
                ]
            },
        ]
    }

    private static func tell(_ name: String, _ codec: CodecID, bytes: Int, _ count: Int, goal: Double) -> BenchCase {
        BenchCase(.remote, name) { plan in
            let count = plan.amount(count, quick: count / 5)
            let runs = try with(codec) { bench in
                _ = try bench.tell(bytes: bytes, count: count)
                return try (0..<plan.runs).map { _ in try bench.tell(bytes: bytes, count: count) }
            }
            return [Measurement(name: name, unit: "messages/s", runs: runs, goal: .atLeast(goal))]
        }
    }

    private static func with<Result>(_ codec: CodecID, _ body: (RemoteBench) throws -> Result) throws -> Result {
        let peer = try PeerProcess(codec: codec)
        defer { peer.end() }
        let node = try RemoteNode(codec: codec)
        defer { node.end() }
        return try body(RemoteBench(node: node, peer: peer.address))
    }

    /// Sends texts from one actor here to one in the other process; the receipt for a batch lets the sender send
    /// another.
    private func tell(bytes: Int, count: Int) throws -> Double {
        let done = Gate()
        let sink = node.reference("sink", at: peer, as: Parcel.self)
        let parcel = Parcel(text: String(repeating: "x", count: bytes), receipt: nil)
        let total = count / Self.batch * Self.batch
        let sender = try node.system.spawn(
            Behavior<Receipt>.stateful((left: total, arrived: 0)) { state, context, receipt in
                state.arrived += receipt.count
                if state.arrived == total {
                    done.open()
                    return .stopped
                }
                let last = Parcel(text: parcel.text, receipt: context.`self`)
                for _ in 0..<(receipt.count == 0 ? Self.window : 1) where state.left > 0 {
                    for _ in 1..<Self.batch { sink.tell(parcel) }
                    sink.tell(last)
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
        let oracle = node.reference("oracle", at: peer, as: Question.self)
        let working = Shared(callers)
        let all = Collected()
        let failure = Failure()
        let share = count / callers
        let actors = try (0..<callers).map { _ in
            try node.system.spawn(
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
                    state.since = Stopwatch()
                    context.ask(
                        oracle, within: .seconds(10), { Question(number: number, replyTo: $0) }, { .answered($0) })
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

import CastyActors
import CastyCore
import CastyLive
import Glibc
import Synchronization

/// Measures actors of one node: messages per second, the latency of an ask, and the rate of starts.
struct LocalBench {
    let world: LiveWorld
    /// The number of messages in one run.
    let messages: Int

    enum Message: Sendable {
        case begin(Int)
        case credit
        case ball(Int)
        case link(ActorRef<Message>)
    }

    enum Question: Sendable {
        case ask(ActorRef<Int>)
    }

    static var cases: [BenchCase] {
        [
            // First, while the process has no freed memory to reuse.
            BenchCase(.local, "memory of an idle actor") { plan in
                let bytes = try with(plan) { try $0.idleBytes() }
                return [
                    Measurement(name: "memory of an idle actor", unit: "bytes", runs: [bytes], goal: .atMost(400))
                ]
            },
            rate("tell, one to one", "messages/s", 60e6) { try $0.tell(senders: 1) },
            rate("tell, eight to one", "messages/s", 25e6) { try $0.tell(senders: 8) },
            rate("ping-pong, one pair", "round trips/s", 8e6) { try $0.pingPong() },
            rate("ring of 1000", "hops/s", 20e6) { try $0.ring() },
            rate("spawn, with one message each", "actors/s", 1.5e6) { try $0.spawn() },
            asks("ask from an actor", callers: 1, p50: 0.7, p99: 2), asks("ask from 64 actors", callers: 64),
        ]
    }

    private static func asks(_ name: String, callers: Int, p50: Double? = nil, p99: Double? = nil) -> BenchCase {
        BenchCase(.local, name) { plan in
            let runs = try with(plan) { bench in
                _ = try bench.askTimes(callers: callers)
                return try (0..<plan.runs).map { _ in try bench.askTimes(callers: callers) }
            }
            return LatencyHistogram.rows(name, runs, p50: p50, p99: p99)
        }
    }

    private static func rate(
        _ name: String, _ unit: String, _ goal: Double, _ run: @escaping (LocalBench) throws -> Double
    ) -> BenchCase {
        BenchCase(.local, name) { plan in
            let runs = try with(plan) { bench in
                _ = try run(bench)
                return try (0..<plan.runs).map { _ in try run(bench) }
            }
            return [Measurement(name: name, unit: unit, runs: runs, goal: .atLeast(goal))]
        }
    }

    private static func with<Result>(_ plan: BenchPlan, _ body: (LocalBench) throws -> Result) rethrows -> Result {
        let world = LiveWorld()
        defer { world.shutdown() }
        return try body(LocalBench(world: world, messages: plan.amount(10_000_000, quick: 2_000_000)))
    }

    private func system() -> ActorSystem {
        ActorSystem(
            name: "bench", address: NodeAddress(host: "127.0.0.1", port: 0),
            world: world.node(transport: LocalTransport()).world)
    }

    private func end(_ system: ActorSystem) {
        let done = Gate()
        system.terminate { done.open() }
        try? done.wait()
    }

    /// Each sender has at most four batches of a thousand messages in flight. A message is a number: twice the sender's
    /// index, plus one at the end of a batch.
    func tell(senders: Int) throws -> Double {
        let system = system()
        defer { end(system) }
        let done = Gate()
        let batch = 1000
        let batches = messages / senders / batch
        let total = batches * batch * senders
        let known = SharedRefs()
        let receiver = try system.spawn(
            Behavior<Int>.stateful(0) { seen, _, number in
                seen += 1
                if number & 1 == 1 { known.refs.withLock { $0[number >> 1] }.tell(.credit) }
                if seen == total { done.open() }
                return .same
            })
        for sender in 0..<senders {
            let source = try system.spawn(
                Behavior<Message>.stateful(0) { left, _, message in
                    var due = 0
                    switch message {
                    case .begin(let count):
                        left = count
                        due = 4
                    case .credit: due = 1
                    case .ball, .link: break
                    }
                    while due > 0, left > 0 {
                        for _ in 1..<batch { receiver.tell(sender << 1) }
                        receiver.tell(sender << 1 | 1)
                        left -= 1
                        due -= 1
                    }
                    return .same
                })
            known.refs.withLock { $0.append(source) }
        }
        let started = Stopwatch()
        for source in known.refs.withLock({ $0 }) { source.tell(.begin(batches)) }
        try done.wait()
        return Double(total) / started.seconds
    }

    func pingPong() throws -> Double {
        let system = system()
        defer { end(system) }
        let done = Gate()
        let rounds = messages / 4
        let pong = try system.spawn(
            Behavior<Message>.stateful(ActorRef<Message>?.none) { peer, _, message in
                switch message {
                case .link(let ref): peer = ref
                case .ball(let left): peer?.tell(.ball(left))
                case .begin, .credit: break
                }
                return .same
            })
        let ping = try system.spawn(
            Behavior<Message>.receive { _, message in
                if case .ball(let left) = message {
                    if left == 0 { done.open() } else { pong.tell(.ball(left - 1)) }
                }
                return .same
            })
        pong.tell(.link(ping))
        let started = Stopwatch()
        ping.tell(.ball(rounds))
        try done.wait()
        return Double(rounds) / started.seconds
    }

    func ring() throws -> Double {
        let system = system()
        defer { end(system) }
        let done = Gate()
        let hops = messages / 2
        let members = try (0..<1000).map { _ in
            try system.spawn(
                Behavior<Message>.stateful(ActorRef<Message>?.none) { next, _, message in
                    switch message {
                    case .link(let ref): next = ref
                    case .ball(let left): if left == 0 { done.open() } else { next?.tell(.ball(left - 1)) }
                    case .begin, .credit: break
                    }
                    return .same
                })
        }
        for (index, member) in members.enumerated() { member.tell(.link(members[(index + 1) % members.count])) }
        let started = Stopwatch()
        members[0].tell(.ball(hops))
        try done.wait()
        return Double(hops) / started.seconds
    }

    func spawn() throws -> Double {
        let system = system()
        defer { end(system) }
        let started = Stopwatch()
        let count = try spawnAll(system)
        return Double(count) / started.seconds
    }

    /// The memory per actor, for many actors that have each handled one message and wait for the next.
    private func idleBytes() throws -> Double {
        let system = system()
        defer { end(system) }
        guard let before = Machine.residentBytes else { throw BenchError("the system does not say how much is in use") }
        let count = try spawnAll(system)
        return ((Machine.residentBytes ?? .nan) - before) / Double(count)
    }

    /// Starts many actors, sends one message to each, and waits until all have handled it.
    private func spawnAll(_ system: ActorSystem) throws -> Int {
        let done = Gate()
        let count = messages / 20
        let left = Shared(count)
        _ = try system.spawn(
            Behavior<Message>.setup { context in
                for _ in 0..<count {
                    let child = try context.spawnAnonymous(
                        Behavior<Message>.receive { _, _ in
                            if left.value.wrappingSubtract(1, ordering: .relaxed).newValue == 0 { done.open() }
                            return .same
                        })
                    child.tell(.credit)
                }
                return .empty
            })
        try done.wait()
        return count
    }

    private enum Asker: Sendable {
        case next
        case answered(Int)
    }

    /// The latencies of `messages / 20` asks of one actor, by `callers` actors at a time, each with one question.
    func askTimes(callers: Int = 1) throws -> LatencyHistogram {
        let count = messages / 20 / callers
        let system = system()
        defer { end(system) }
        let done = Gate()
        let working = Shared(callers)
        let all = LatencyHistogram.Sum()
        let responder = try system.spawn(
            Behavior<Question>.receive { _, question in
                if case .ask(let replyTo) = question { replyTo.tell(1) }
                return .same
            })
        let askers = try (0..<callers).map { _ in
            try system.spawn(
                Behavior<Asker>.stateful((left: count, latencies: LatencyHistogram(), since: Stopwatch())) {
                    state, context, message in
                    if case .answered = message {
                        state.latencies.record(nanoseconds: state.since.nanoseconds)
                        state.left -= 1
                        if state.left == 0 {
                            all.add(state.latencies)
                            if working.value.wrappingSubtract(1, ordering: .relaxed).newValue == 0 { done.open() }
                            return .same
                        }
                    }
                    state.since = Stopwatch()
                    context.ask(responder, within: .seconds(10), { .ask($0) }, { .answered((try? $0.get()) ?? 0) })
                    return .same
                })
        }
        for asker in askers { asker.tell(.next) }
        try done.wait()
        return all.value
    }
}

/// The senders of a run, known to its receiver.
final class SharedRefs: Sendable {
    let refs = Mutex<[ActorRef<LocalBench.Message>]>([])
}

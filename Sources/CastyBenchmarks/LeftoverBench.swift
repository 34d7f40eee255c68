import CastyActors
import CastyCore
import CastyLive
import CastyObservability
import Synchronization

/// Measures what questions and refused messages leave in memory: nothing, however many there are.
enum LeftoverBench {
    static var cases: [BenchCase] {
        [
            growth("memory left by an ask, one in ten timed out", 1_000_000, goal: 1) { system in
                let echo = try system.spawn(
                    Behavior<ActorRef<Int>>.stateful(0) { count, _, replyTo in
                        count += 1
                        if count % 10 != 0 { replyTo.tell(count) }
                        return .same
                    })
                return { amount in
                    let failed = Atomic<Int>(0)
                    for _ in 0..<amount / 10_000 {
                        for _ in 0..<10_000 {
                            system.ask(echo, within: .milliseconds(200), { $0 }) { (result: Result<Int, AskError>) in
                                if case .failure = result { failed.add(1, ordering: .relaxed) }
                            }
                        }
                        try Machine.wait("some asks do not end", every: 1000) { system.pendingAsks == 0 }
                    }
                    let count = failed.load(ordering: .relaxed)
                    // A machine that is busy with other things may answer some too late.
                    guard count >= amount / 10 else { throw BenchError("only \(count) of \(amount) asks timed out") }
                }
            },
            growth("memory left by a message to a stuck bounded mailbox", 10_000_000, goal: 0.1) { system in
                let stuck = try system.spawn(
                    Behavior<Int>.receiveAsync { context, _ in
                        try await context.system.sleep(for: .seconds(3600))
                        return .same
                    }, mailbox: .bounded(1000))
                return { amount in
                    let before = refused(system)
                    for number in 0..<amount { stuck.tell(number) }
                    let count = refused(system) - before
                    guard count >= amount - 1001 else { throw BenchError("only \(count) of \(amount) were refused") }
                }
            },
        ]
    }

    private static func refused(_ system: ActorSystem) -> Int {
        system.snapshot().losses.first { $0.reason == .mailboxFull }.map { Int($0.count) } ?? 0
    }

    /// The growth of memory for each of `count` operations, after as many that warm up.
    private static func growth(
        _ name: String, _ count: Int, goal: Double,
        _ make: @escaping (ActorSystem) throws -> (Int) throws -> Void
    ) -> BenchCase {
        BenchCase(.local, name) { plan in
            let amount = plan.amount(count, quick: count / 10)
            let world = LiveWorld()
            defer { world.shutdown() }
            let system = ActorSystem(
                name: "bench", address: NodeAddress(host: "127.0.0.1", port: 0),
                world: world.node(transport: LocalTransport()).world)
            let run = try make(system)
            try run(amount)
            let runs = try (0..<plan.runs(3, quick: 2)).map { _ in
                guard let before = Machine.residentBytes else {
                    throw BenchError("the system does not say how much is in use")
                }
                try run(amount)
                return max(0, (Machine.residentBytes ?? .nan) - before) / Double(amount)
            }
            let done = Gate()
            system.terminate { done.open() }
            try done.wait()
            return [Measurement(name: name, unit: "bytes", runs: runs, goal: .atMost(goal))]
        }
    }
}

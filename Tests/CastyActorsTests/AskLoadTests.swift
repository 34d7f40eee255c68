import CastyCore
import Synchronization
import Testing

@testable import CastyActors

@Suite struct AskLoadTests {
    let manual = ManualWorld(budget: 64)

    /// Answers all but each tenth question.
    private func echo(_ system: ActorSystem) throws -> ActorRef<ActorRef<Int>> {
        try system.spawn(
            Behavior<ActorRef<Int>>.stateful(0) { count, _, replyTo in
                count += 1
                if count % 10 != 0 { replyTo.tell(count) }
                return .same
            })
    }

    @Test("many asks, one in ten of them timed out, each end once and leave nothing behind")
    func manyAsks() throws {
        let system = manual.system()
        let echo = try echo(system)
        let answered = Atomic<Int>(0)
        let timedOut = Atomic<Int>(0)
        for _ in 0..<20 {
            for _ in 0..<1000 {
                system.ask(echo, within: .milliseconds(200), { $0 }) { (result: Result<Int, AskError>) in
                    switch result {
                    case .success: answered.add(1, ordering: .relaxed)
                    case .failure(let error): if error.code == .timedOut { timedOut.add(1, ordering: .relaxed) }
                    }
                }
            }
            #expect(system.pendingAsks == 1000)
            manual.settle()
            #expect(system.pendingAsks == 100)
            manual.advance(by: .milliseconds(200))
            #expect(system.pendingAsks == 0)
        }
        #expect(answered.load(ordering: .relaxed) == 18_000)
        #expect(timedOut.load(ordering: .relaxed) == 2000)
        #expect(system.state.withLock { $0.exposed.isEmpty })
    }

    @Test("timeouts come in the order of asking, each at its own time")
    func order() throws {
        let system = manual.system()
        let silent = try system.spawn(Behavior<ActorRef<Int>>.receive { _, _ in .same })
        let log = Log<String>()
        for number in 0..<30 {
            let timeout = Duration.milliseconds(100 * (number % 11 + 1))
            let asked = manual.now
            system.ask(silent, within: timeout, { $0 }) { [manual] (_: Result<Int, AskError>) in
                log.append("\(number): \(manual.now - asked == timeout)")
            }
        }
        manual.advance(by: .seconds(2))
        let expected = (0..<30).sorted { ($0 % 11, $0) < ($1 % 11, $1) }.map { "\($0): true" }
        #expect(Set(log.all) == Set(expected) && log.all.count == 30)
        let groups = log.all.map { Int($0.split(separator: ":")[0])! % 11 }
        #expect(groups == groups.sorted())
    }

    @Test("an asker that keeps the reference to a reply keeps nothing of the question")
    func released() throws {
        let system = manual.system()
        let echo = try echo(system)
        let references = Log<ActorRef<Int>>()
        weak var held: Log<Int>?
        do {
            let log = Log<Int>()
            held = log
            let keep = { @Sendable (ref: ActorRef<Int>) in
                references.append(ref)
                return ref
            }
            system.ask(echo, within: .seconds(1), keep) { (result: Result<Int, AskError>) in
                log.append((try? result.get()) ?? -1)
            }
            manual.settle()
            #expect(log.all == [1])
        }
        #expect(references.all.count == 1 && held == nil)
    }

    @Test("a task that is cancelled before its question, during it, or after it, resumes once")
    func cancelledTasks() async throws {
        let system = manual.system()
        let silent = try system.spawn(Behavior<ActorRef<Int>>.receive { _, _ in .same })
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            let _: Int = try await system.ask(silent, within: .seconds(1)) { $0 }
        }
        await #expect(throws: AskError.self) { try await task.value }
        #expect(system.pendingAsks == 0)
        let waiting = Task {
            let _: Int = try await system.ask(silent, within: .seconds(1)) { $0 }
        }
        while system.pendingAsks == 0 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: AskError.self) { try await waiting.value }
        #expect(system.pendingAsks == 0)
    }
}

import Casty
import Testing

/// Supervision, watches and order as users of OTP and Pekko know them, with the library alone.
@Suite("Well-known behaviors of supervision", .timeLimit(.minutes(10)))
struct SupervisionStories {
    private struct Crash: Error {}

    private static func worker(_ seen: Inbox<String>) -> Behavior<String> {
        .setup { context in
            seen.put("\(context.name) starts")
            return .receive { context, text in
                if text == "crash" { throw Crash() }
                if text == "stop" { return .stopped }
                seen.put("\(context.name) \(text)")
                return .same
            }
        }
    }

    @Test("let it crash: the mailbox and the address outlive a restart, the state does not")
    func letItCrash() async throws {
        let system = ActorSystem.local("crash")
        let seen = Inbox<String>()
        let ref = try system.spawn(
            .supervise(Self.worker(seen), with: .restart(limit: 3)), name: "worker")
        for text in ["a", "crash", "b"] { ref.tell(text) }
        #expect(await seen.first(4) == ["worker starts", "worker a", "worker starts", "worker b"])
        await system.terminate()
    }

    @Test("more crashes than the limit stop the actor, which its watcher learns as a failure")
    func restartLimit() async throws {
        let system = ActorSystem.local("limit")
        let seen = Inbox<String>()
        let ref = try system.spawn(
            .supervise(Self.worker(seen), with: .restart(limit: 2)), name: "worker")
        let watcher = try system.spawn(
            Behavior<Int>.setup { context in
                context.watch(ref)
                // Only now, so that the end comes after the watch.
                for _ in 0..<3 { ref.tell("crash") }
                return .receive({ _, _ in .same }) { _, signal in
                    if case .terminated(let news) = signal { seen.put(news.reason.rawValue) }
                    return .same
                }
            })
        #expect(await seen.first(4) == ["worker starts", "worker starts", "worker starts", "failed"])
        withExtendedLifetime(watcher) {}
        await system.terminate()
    }

    @Test("a restart waits for its backoff, and messages wait meanwhile")
    func backoff() async throws {
        let system = ActorSystem.local("backoff")
        let seen = Inbox<String>()
        let pause = SupervisionStrategy.Backoff(minimum: .milliseconds(50), maximum: .seconds(1))
        let ref = try system.spawn(
            .supervise(Self.worker(seen), with: .restart(limit: 2, backoff: pause)), name: "worker")
        ref.tell("crash")
        ref.tell("waits")
        let clock = ContinuousClock()
        let start = clock.now
        #expect(await seen.first(3) == ["worker starts", "worker starts", "worker waits"])
        #expect(clock.now - start >= .milliseconds(40))
        await system.terminate()
    }

    @Test("one for all: a parent that bears its children's ends replaces all of them when one fails")
    func oneForAll() async throws {
        let system = ActorSystem.local("all")
        let seen = Inbox<String>()
        let crash = Inbox<ActorRef<String>>()
        let parent: Behavior<Int> = .setup { context in
            for name in ["a", "b"] {
                let child = try context.spawn(Self.worker(seen), name: name)
                // Without a handler for signals the death of a child is the parent's failure.
                context.watch(child)
                if name == "a" { crash.put(child) }
            }
            return .receive { _, _ in .same }
        }
        let ref = try system.spawn(.supervise(parent, on: DeathPactError.self, with: .restart(limit: 1)))
        await crash.first(1)[0].tell("crash")
        #expect(await seen.first(4).sorted() == ["a starts", "a starts", "b starts", "b starts"])
        await crash.first(2)[1].tell("lives")
        #expect(await seen.first(5).last == "a lives")
        withExtendedLifetime(ref) {}
        await system.terminate()
    }

    @Test("one for one: a child that fails is replaced under its name, its siblings go on")
    func oneForOne() async throws {
        let system = ActorSystem.local("one")
        let seen = Inbox<String>()
        let children = Inbox<ActorRef<String>>()
        let ref = try system.spawn(
            Behavior<String>.setup { context in
                for name in ["a", "b"] {
                    let child = try context.spawn(Self.worker(seen), name: name)
                    children.put(child)
                    context.watch(child, with: name)
                }
                return .receive { context, name in
                    let child = try context.spawn(Self.worker(seen), name: name)
                    children.put(child)
                    context.watch(child, with: name)
                    return .same
                }
            })
        let first = await children.first(2)
        first[0].tell("crash")
        let replaced = await children.first(3)[2]
        #expect(replaced.address.path == first[0].address.path && replaced != first[0])
        first[1].tell("goes on")
        replaced.tell("new")
        #expect(await seen.first(5).sorted() == ["a new", "a starts", "a starts", "b goes on", "b starts"])
        withExtendedLifetime(ref) {}
        await system.terminate()
    }

    @Test("every watcher learns of an end exactly once; who stops watching does not, who comes late does at once")
    func watches() async throws {
        let system = ActorSystem.local("watches")
        let seen = Inbox<String>()
        let mortal = try system.spawn(Behavior<Int>.receive { _, _ in .stopped })
        func watcher(_ name: String, watches: Int) -> Behavior<Int> {
            .setup { context in
                for _ in 0..<watches { context.watch(mortal) }
                return .receive(
                    { context, number in
                        if number < 0 { context.unwatch(mortal) } else { seen.put("\(name) lives") }
                        return .same
                    },
                    onSignal: { _, signal in
                        if case .terminated(let news) = signal { seen.put("\(name) \(news.reason.rawValue)") }
                        return .same
                    })
            }
        }
        let watchers = try (0..<20).map { try system.spawn(watcher("w\($0)", watches: 1 + $0 % 3)) }
        let gone = try system.spawn(watcher("gone", watches: 1))
        gone.tell(-1)
        gone.tell(0)
        #expect(await seen.first(1) == ["gone lives"])
        for watcher in watchers { watcher.tell(0) }
        _ = await seen.first(21)
        mortal.tell(0)
        let ends = await seen.first(41).dropFirst(21)
        #expect(ends.sorted() == (0..<20).map { "w\($0) stopped" }.sorted())
        let late = try system.spawn(watcher("late", watches: 1))
        #expect(await seen.first(42).last == "late no such actor")
        for watcher in watchers + [gone, late] { watcher.tell(0) }
        // Nothing but these answers comes after.
        #expect(await seen.first(64).dropFirst(42).allSatisfy { $0.hasSuffix("lives") })
        await system.terminate()
    }

    @Test("messages of one sender arrive in order, while many send at once")
    func order() async throws {
        let system = ActorSystem.local("order")
        let disorder = Inbox<Int>()
        let done = Inbox<Int>()
        let receiver = try system.spawn(
            Behavior<Int>.stateful([Int: Int]()) { last, _, message in
                let (sender, number) = (message >> 32, message & 0xFFFF_FFFF)
                if last[sender] ?? -1 >= number { disorder.put(sender) }
                last[sender] = number
                if number == 4999 { done.put(sender) }
                return .same
            })
        for sender in 0..<8 {
            let ref = try system.spawn(
                Behavior<Int>.receive { context, number in
                    receiver.tell(sender << 32 | number)
                    if number < 4999 { context.`self`.tell(number + 1) }
                    return .same
                })
            ref.tell(0)
        }
        #expect(await done.first(8).sorted() == Array(0..<8))
        #expect(disorder.all.isEmpty)
        await system.terminate()
    }

    @Test("an ask fails when its actor fails, stops or does not exist: at once, and with the reason")
    func askReasons() async throws {
        let system = ActorSystem.local("reasons")
        let failing = try system.spawn(
            Behavior<ActorRef<Int>>.supervise(.receive { _, _ in throw Crash() }, with: .resume))
        let ending = try system.spawn(Behavior<ActorRef<Int>>.receive { _, _ in .stopped })
        let seen = Inbox<String>()
        for (name, ref) in [("failing", failing), ("ending", ending), ("ended", ending)] {
            do {
                if name == "ended" { while system.losses.isEmpty { ref.tell(try seen.sink(in: system)) } }
                let _: Int = try await system.ask(ref, within: .milliseconds(name == "ending" ? 100 : 1_000_000)) {
                    $0
                }
                seen.put("\(name) answered")
            } catch let error as AskError {
                seen.put("\(name) \(error.code.rawValue)")
            }
        }
        // The second was handled, and might still be answered by another actor, so its time had to run out.
        #expect(await seen.first(3) == ["failing failed", "ending timed out", "ended no such actor"])
        await system.terminate()
    }

    @Test("a stopped child's name is free again, and a name is refused while it is taken")
    func names() async throws {
        let system = ActorSystem.local("names")
        let first = try system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "one")
        #expect(throws: SpawnError.self) { try system.spawn(Behavior<Int>.ignore, name: "one") }
        #expect(throws: SpawnError.self) { try system.spawn(Behavior<Int>.ignore, name: "") }
        first.tell(0)
        var second = try? system.spawn(Behavior<Int>.ignore, name: "one")
        while second == nil {
            try await Task.sleep(for: .milliseconds(1))
            second = try? system.spawn(Behavior<Int>.ignore, name: "one")
        }
        #expect(second != first && second?.address.path == first.address.path)
        await system.terminate()
    }
}

extension Inbox where Element == String {
    /// An actor for replies that are not read.
    fileprivate func sink(in system: ActorSystem) throws -> ActorRef<Int> { try system.spawn(Behavior<Int>.ignore) }
}

import Casty
import InMemoryTracing
import Testing
import Tracing

/// Contexts of swift-distributed-tracing travel with messages: between actors, between nodes, and to entities.
@Suite("Tracing", .timeLimit(.minutes(10)))
struct TracingTests {
    /// Asks for the trace in which its handler runs.
    enum Probe: Codable, Sendable {
        case here(replyTo: ActorRef<String>)
        case behind(ActorRef<Probe>, replyTo: ActorRef<String>)
        case silent
        case end
    }

    static let probes = EntityType("probe", of: Probe.self, shards: 8)

    /// The trace of the calling code.
    static var trace: String { ServiceContext.current?.inMemorySpanContext?.traceID ?? "none" }

    static func probe() -> Behavior<Probe> {
        .receive { _, probe in
            switch probe {
            case .here(let replyTo): replyTo.tell(trace)
            case .behind(let next, let replyTo): next.tell(.here(replyTo: replyTo))
            case .silent: break
            case .end: return .stopped
            }
            return .same
        }
    }

    static func waiting() -> Behavior<Probe> {
        .receiveAsync { context, probe in
            try await context.system.sleep(for: .milliseconds(1))
            if case .here(let replyTo) = probe { replyTo.tell(trace) }
            return .same
        }
    }

    /// Becomes another behavior by asynchronous work with each message.
    static func changing() -> Behavior<Probe> {
        .receive { context, probe in
            let system = context.system
            return .awaiting {
                try await system.sleep(for: .milliseconds(1))
                if case .here(let replyTo) = probe { replyTo.tell(trace) }
                return changing()
            }
        }
    }

    static func node(_ tracer: (any Tracer)?, _ seeds: Seeds = []) async throws -> CastyNode {
        try await CastyNode.start("traced") {
            $0.bind = "127.0.0.1:0"
            $0.seeds = seeds
            $0.timings = .responsive
            $0.tracer = tracer
        }
    }

    @Test(
        "a handler runs in the context of the code that sent its message, also where it waits",
        arguments: [false, true])
    func local(isEncoded: Bool) async throws {
        let tracer = InMemoryTracer()
        let system = ActorSystem.local("tools", encodeLocalMessages: isEncoded, tracer: tracer)
        let first = try system.spawn(Self.probe(), name: "first")
        let actors = [
            first, try system.spawn(Self.waiting(), name: "waits"), try system.spawn(Self.changing(), name: "changes"),
            try system.spawn(Behavior.supervise(Self.probe(), with: .resume), name: "supervised"),
            try system.spawn(Behavior.on(.blocking, Self.probe()), name: "blocks"),
        ]
        for actor in actors {
            for _ in 1...3 {
                let (expected, seen) = try await tracer.withSpan("request") { span in
                    (span.traceID, try await system.ask(actor) { .here(replyTo: $0) })
                }
                #expect(seen == expected, "\(actor)")
            }
            // What is sent for nothing in particular runs in no context.
            actor.tell(.silent)
        }
        let (expected, seen) = try await tracer.withSpan("request") { span in
            (span.traceID, try await system.ask(first) { .behind(actors[1], replyTo: $0) })
        }
        #expect(seen == expected)
        await system.terminate()
    }

    /// Sets questions aside until it is released, then answers each in the context of its handler.
    static func keeping(isAsync: Bool) -> Behavior<Probe> {
        .withStash(capacity: 10) { stash in
            .receive { _, probe in
                guard case .silent = probe else {
                    try stash.stash(probe)
                    return .same
                }
                return stash.unstashAll(isAsync ? waiting() : Self.probe())
            }
        }
    }

    /// Answers a question later: by a timer of its own, or by a message that it schedules.
    static func delaying(byTimer: Bool, isAsync: Bool) -> Behavior<Later> {
        isAsync
            ? .receiveAsync { context, message in answer(context, message, byTimer) }
            : .receive { context, message in answer(context, message, byTimer) }
    }

    enum Later: Sendable {
        case asked(ActorRef<String>)
        case due(ActorRef<String>)
    }

    static func answer(_ context: ActorContext<Later>, _ message: Later, _ byTimer: Bool) -> Behavior<Later> {
        switch message {
        case .asked(let replyTo) where byTimer:
            context.timers.start("due", .due(replyTo), after: .milliseconds(5))
        case .asked(let replyTo):
            context.scheduleOnce(after: .milliseconds(5), context.`self`, .due(replyTo))
        case .due(let replyTo): replyTo.tell(trace)
        }
        return .same
    }

    @Test("messages that were set aside are handled in their own contexts", arguments: [false, true])
    func stashed(isAsync: Bool) async throws {
        let tracer = InMemoryTracer()
        let system = ActorSystem.local("tools", tracer: tracer)
        let actor = try system.spawn(Self.keeping(isAsync: isAsync), name: "keeps")
        try await withThrowingTaskGroup { group in
            for _ in 1...5 {
                group.addTask {
                    try await tracer.withSpan("request") { span in
                        let seen = try await system.ask(actor) { .here(replyTo: $0) }
                        #expect(seen == span.traceID)
                    }
                }
            }
            // Another request releases them; what it waits for is their arrival.
            while system.tracing?.waitingCount != 0 || tracer.activeSpans.count < 10 { await Task.yield() }
            tracer.withSpan("release") { _ in actor.tell(.silent) }
            try await group.waitForAll()
        }
        #expect(system.tracing?.waitingCount == 0)
        await system.terminate()
    }

    @Test("a delayed message runs in the context of the code that delays it", arguments: [false, true], [false, true])
    func delayed(byTimer: Bool, isAsync: Bool) async throws {
        let tracer = InMemoryTracer()
        let system = ActorSystem.local("tools", tracer: tracer)
        let actor = try system.spawn(Self.delaying(byTimer: byTimer, isAsync: isAsync), name: "delays")
        for _ in 1...3 {
            let (expected, seen) = try await tracer.withSpan("request") { span in
                (span.traceID, try await system.ask(actor) { .asked($0) })
            }
            #expect(seen == expected)
        }
        #expect(system.tracing?.waitingCount == 0)
        await system.terminate()
    }

    @Test("an ask is a span of the code that asks, and has its error")
    func spans() async throws {
        let tracer = InMemoryTracer()
        let system = ActorSystem.local("tools", tracer: tracer)
        let actor = try system.spawn(Self.probe(), name: "probe")
        let request = try await tracer.withSpan("request") { span in
            _ = try await system.ask(actor) { .here(replyTo: $0) }
            await #expect(throws: AskError.self) {
                let _: String = try await system.ask(actor, within: .milliseconds(20)) { _ in .silent }
            }
            return span.spanContext
        }
        let asks = tracer.finishedSpans.filter { $0.operationName == "ask" }
        #expect(asks.count == 2 && asks.allSatisfy { $0.parentSpanID == request.spanID && $0.kind == .client })
        #expect(asks.map { $0.errors.count } == [0, 1])
        #expect(asks.last?.status?.code == .error)
        #expect(tracer.activeSpans.isEmpty)
        await system.terminate()
    }

    @Test("contexts of messages that are never handled are forgotten with their actor")
    func forgotten() async throws {
        let tracer = InMemoryTracer()
        let system = ActorSystem.local("tools", tracer: tracer)
        let gone = try system.spawn(Self.probe(), name: "gone")
        let ignores = try system.spawn(Behavior<Probe>.ignore, name: "ignores")
        tracer.withSpan("request") { _ in
            gone.tell(.end)
            for _ in 1...100 {
                gone.tell(.silent)
                ignores.tell(.silent)
            }
        }
        while system.lookup("gone") != nil || system.tracing?.waitingCount != 0 {
            try await Task.sleep(for: .milliseconds(1))
        }
        await system.terminate()
    }

    @Test("a context goes to actors of other nodes and to entities, each message in its own, also those that wait")
    func nodes() async throws {
        let tracer = InMemoryTracer()
        let first = try await Self.node(tracer)
        let second = try await Self.node(tracer, ["\(first.system.address)"])
        try await second.joined()
        for node in [first, second] { try node.host(Self.probes) { _ in Self.probe() } }
        // All at once, so that most wait for the homes of their shards.
        try await withThrowingTaskGroup { group in
            for number in 1...40 {
                group.addTask {
                    try await tracer.withSpan("request") { span in
                        let seen = try await first.entity(Self.probes, "probe-\(number)").ask { .here(replyTo: $0) }
                        #expect(seen == span.traceID, "probe-\(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
        // To an entity of the other node too, also while its shard moves there.
        let region = try first.region(Self.probes)
        let moved = first.entity(Self.probes, "probe-1")
        try await region.pin(shard: moved.shard, to: second.system.address)
        while moved.shardHome != second.system.unique {
            try await tracer.withSpan("request") { span in
                let seen = try await moved.ask { .here(replyTo: $0) }
                #expect(seen == span.traceID)
            }
        }
        try await tracer.withSpan("request") { span in
            let seen = try await moved.ask { .here(replyTo: $0) }
            #expect(seen == span.traceID)
        }

        let remote = try second.spawn(Self.probe(), name: "probe")
        let near = try first.spawn(Self.probe(), name: "near")
        let far = try #require(first.system.resolve(remote.address, as: Probe.self))
        for _ in 1...3 {
            try await tracer.withSpan("request") { span in
                let there = try await first.system.ask(far) { .here(replyTo: $0) }
                let back = try await first.system.ask(far) { .behind(near, replyTo: $0) }
                #expect(there == span.traceID && back == span.traceID)
            }
        }
        #expect(try await first.system.ask(near) { .here(replyTo: $0) } != "none", "the ask itself is a trace")
        await second.leave()
        await first.leave()
    }

    @Test("nodes with and without a tracer understand each other", arguments: [true, false])
    func mixed(senderTraces: Bool) async throws {
        let tracer = InMemoryTracer()
        let first = try await Self.node(senderTraces ? tracer : nil)
        let second = try await Self.node(senderTraces ? nil : tracer, ["\(first.system.address)"])
        try await second.joined()
        let remote = try second.spawn(Self.probe(), name: "probe")
        let far = try #require(first.system.resolve(remote.address, as: Probe.self))
        for _ in 1...3 {
            try await tracer.withSpan("request") { _ in
                let seen = try await first.system.ask(far) { .here(replyTo: $0) }
                #expect(seen == "none")
            }
        }
        await second.leave()
        await first.leave()
    }

    @Test("without a tracer nothing is carried")
    func none() async throws {
        let system = ActorSystem.local("tools")
        #expect(system.tracing == nil)
        let actor = try system.spawn(Self.probe(), name: "probe")
        let seen = try await InMemoryTracer().withSpan("request") { _ in
            try await system.ask(actor) { .here(replyTo: $0) }
        }
        #expect(seen == "none")
        await system.terminate()
    }
}

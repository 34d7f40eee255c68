import CastyCore
import CastyObservability
import Synchronization
import Testing

@testable import CastyActors

/// What a stop, a lapsed lease, and the end of a system do to asynchronous handlers.
@Suite("Asynchronous handlers that are stopped")
struct AsyncHandlerStopTests {
    private let manual = ManualWorld()

    private enum Order: Sendable {
        case item(String, replyTo: ActorRef<String>)
    }

    private final class Permit: Sendable {
        private let value = Atomic<Bool>(true)

        var isGiven: Bool {
            get { value.load(ordering: .relaxed) }
            set { value.store(newValue, ordering: .relaxed) }
        }
    }

    /// Starts an actor that runs only while it has a permit, as an entity with its lease.
    private func guarded(
        _ system: ActorSystem, _ permit: Permit, _ log: Log<String>, _ behavior: @escaping @Sendable () -> Behavior<Int>
    ) throws -> AnyActorCell {
        let child = Log<AnyActorCell>()
        _ = try system.spawn(
            Behavior<Int>.setup { context in
                let hooks = CellHooks<Int>(
                    mayRun: { permit.isGiven },
                    onEnd: { failure, unhandled in log.append("ended \(failure == nil) \(unhandled)") })
                child.append(
                    try context.spawn(
                        behavior(), name: "entity", mailbox: .unbounded, hooks: hooks, traffic: .user,
                        turn: { $0.takeTurn(of: Int.self, $1) }
                    ).target)
                return .ignore
            })
        manual.settle()
        return child.all[0]
    }

    private static func twoWaits(_ log: Log<String>) -> Behavior<Int> {
        .receiveAsync { context, number in
            log.append("begin \(number)")
            try? await context.system.sleep(for: .milliseconds(10))
            log.append("middle \(number)")
            try? await context.system.sleep(for: .milliseconds(10))
            log.append("end \(number)")
            return .same
        }
    }

    @Test("a stop cancels the handler, whose end is no failure, and tells its asker")
    func cancelled() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Order>.receiveAsync(
                { context, order in
                    try await context.system.sleep(for: .seconds(1000))
                    log.append("never")
                    return .same
                },
                onSignal: { _, signal in
                    if case .postStop = signal { log.append("stopped") }
                    return .same
                }))
        _ = try system.spawn(
            Behavior<Int>.setup { context in
                context.watch(ref)
                return .receive({ _, _ in .same }) { _, signal in
                    if case .terminated(let news) = signal { log.append(news.reason.rawValue) }
                    return .same
                }
            })
        system.ask(ref, within: .seconds(500), { .item("x", replyTo: $0) }) { (result: Result<String, AskError>) in
            if case .failure(let error) = result { log.append(error.code.rawValue) }
        }
        manual.advance(by: .milliseconds(1))
        system.stop(ref)
        manual.advance(by: .milliseconds(1))
        #expect(log.all == ["no such actor", "stopped", "stopped"])
    }

    @Test("a handler that ignores its cancellation still ends, and only then the actor stops")
    func ignoring() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Int>.receiveAsync { context, number in
                try? await context.system.sleep(for: .milliseconds(10))
                log.append("cancelled \(Task.isCancelled)")
                await withUnsafeContinuation { continuation in
                    _ = context.system.world.scheduler.schedule(after: .milliseconds(10)) { continuation.resume() }
                }
                log.append("end \(number)")
                return .same
            })
        ref.tell(1)
        ref.tell(2)
        manual.advance(by: .milliseconds(1))
        system.stop(ref)
        manual.advance(by: .milliseconds(5))
        #expect(log.all == ["cancelled true"])
        #expect(!ref.target.isOver)
        manual.advance(by: .milliseconds(10))
        #expect(log.all == ["cancelled true", "end 1"])
        #expect(ref.target.isOver)
        #expect(system.losses.map(\.count) == [1])
    }

    @Test("context.stop() in a handler lets it finish uncancelled")
    func stopsItself() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Int>.receiveAsync { context, _ in
                context.stop()
                try await context.system.sleep(for: .milliseconds(10))
                log.append("end \(Task.isCancelled)")
                return .same
            })
        ref.tell(1)
        ref.tell(2)
        manual.advance(by: .seconds(1))
        #expect(log.all == ["end false"])
        #expect(ref.target.isOver)
    }

    @Test("the end of the system keeps its limit, whatever a handler does")
    func systemEnds() throws {
        let system = manual.system()
        let log = Log<String>()
        let stubborn = try system.spawn(
            Behavior<Int>.receiveAsync { context, _ in
                await withUnsafeContinuation { continuation in
                    _ = context.system.world.scheduler.schedule(after: .seconds(100)) { continuation.resume() }
                }
                return .same
            })
        let willing = try system.spawn(
            Behavior<Int>.receiveAsync { context, _ in
                do { try await context.system.sleep(for: .seconds(100)) } catch { log.append("cancelled") }
                return .same
            })
        stubborn.tell(1)
        willing.tell(1)
        manual.settle()
        let start = manual.now
        system.terminate(within: .seconds(8)) { [manual] in log.append("ended after \(manual.now - start)") }
        manual.advance(by: .seconds(50))
        #expect(log.all == ["cancelled", "ended after 4.0 seconds"])
    }

    @Test("a handler goes on after its wait only while its actor may run")
    func pausedAndResumed() throws {
        let system = manual.system()
        let (log, permit) = (Log<String>(), Permit())
        let cell = try guarded(system, permit, log) { Self.twoWaits(log) }
        let ref = ActorRef(try #require(cell as? ActorCell<Int>))
        ref.tell(1)
        ref.tell(2)
        manual.advance(by: .milliseconds(5))
        permit.isGiven = false
        manual.advance(by: .milliseconds(100))
        #expect(log.all == ["begin 1"])
        permit.isGiven = true
        cell.post(.resume)
        manual.advance(by: .milliseconds(15))
        #expect(log.all == ["begin 1", "middle 1", "end 1", "begin 2"])
    }

    @Test("a handler that may not go on when its actor is stopped never does", arguments: [true, false])
    func neverAgain(stopFirst: Bool) throws {
        let system = manual.system()
        let (log, permit) = (Log<String>(), Permit())
        let cell = try guarded(system, permit, log) { Self.twoWaits(log) }
        let ref = ActorRef(try #require(cell as? ActorCell<Int>))
        ref.tell(1)
        ref.tell(2)
        manual.advance(by: .milliseconds(5))
        if stopFirst {
            // The permit ends between the stop and the job that the cancellation brings.
            cell.post(.stop)
            permit.isGiven = false
        } else {
            permit.isGiven = false
            manual.advance(by: .milliseconds(7))
            cell.post(.stop)
        }
        manual.advance(by: .milliseconds(1))
        permit.isGiven = true
        manual.advance(by: .seconds(10))
        #expect(log.all == ["begin 1", "ended true [2]"])
    }

    @Test("a mailbox that is to be emptied first is, handler by handler")
    func afterMailbox() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(Self.twoWaits(log))
        ref.tell(1)
        ref.tell(2)
        manual.advance(by: .milliseconds(5))
        ref.target.stopAfterMailbox()
        ref.tell(3)
        manual.advance(by: .seconds(1))
        #expect(log.all == ["begin 1", "middle 1", "end 1", "begin 2", "middle 2", "end 2"])
        #expect(ref.target.isOver)
        #expect(system.losses.map(\.count) == [1])
    }

    @Test("messages to a waiting actor cost it no turns, and one that never waits gives way to others")
    func turns() throws {
        let system = manual.system()
        let log = Log<String>()
        let waiting = try system.spawn(Self.twoWaits(log))
        waiting.tell(1)
        manual.settle()
        for number in 2...100 { waiting.tell(number) }
        #expect(manual.turnsDue == 0)
        let busy = try system.spawn(
            Behavior<Int>.receiveAsync { _, number in
                for _ in 0..<20 { await Task.yield() }
                log.append("busy \(number)")
                return .same
            })
        let other = try system.spawn(
            Behavior<Int>.receive { _, number in
                log.append("other \(number)")
                return .same
            })
        manual.settle()
        busy.tell(1)
        other.tell(1)
        manual.settle()
        #expect(log.all.suffix(2) == ["other 1", "busy 1"])
    }
}

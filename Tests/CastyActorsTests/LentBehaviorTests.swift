import CastyCore
import CastyObservability
import Testing

@testable import CastyActors

/// While a handler runs, its actor's behavior is lent to the turn.
@Suite struct LentBehaviorTests {
    private final class Held: Sendable {
        let log: Log<String>
        init(_ log: Log<String>) { self.log = log }
        deinit { log.append("released") }
    }

    private let manual = ManualWorld()

    @Test("a handler that ends its node keeps what it uses until it returns, and then nothing holds it")
    func endsItsNode() throws {
        let log = Log<String>()
        let system = manual.system()
        func ending(_ held: Held) -> Behavior<Int> {
            .receive { context, _ in
                context.system.abandon()
                log.append("handled")
                held.log.append("used")
                return .same
            }
        }
        let ref = try system.spawn(ending(Held(log)))
        ref.tell(1)
        manual.settle()
        #expect(log.all == ["handled", "used", "released"])
    }

    @Test("the behavior before is released when a handler returns another one, and when it throws")
    func follows() throws {
        struct Failure: Error {}
        let log = Log<String>()
        let system = manual.system()
        func second(_ held: Held) -> Behavior<Int> {
            .receive { _, number in
                held.log.append("second \(number)")
                throw Failure()
            }
        }
        func first(_ held: Held) -> Behavior<Int> {
            .receive(
                { _, number in
                    held.log.append("first \(number)")
                    return number < 2 ? .same : second(Held(log))
                }, onSignal: { _, _ in .same })
        }
        let ref = try system.spawn(Behavior.setup { _ in first(Held(log)) })
        for number in 1...3 { ref.tell(number) }
        manual.settle()
        #expect(log.all == ["first 1", "first 2", "released", "second 3", "released"])
        system.abandon()
    }

    @Test("messages that a behavior ignores take their part of a turn's budget")
    func ignoring() throws {
        let system = manual.system()
        let ref = try system.spawn(Behavior<Int>.ignore)
        for number in 0..<40 { ref.tell(number) }
        manual.settle()
        #expect(system.snapshot().actors.handled == 40)
        #expect(system.losses.isEmpty)
        system.abandon()
    }
}

import CastyCore
import NIOCore
import Synchronization

@testable import CastyActors

/// A world on the calling thread: turns run when the test says so, time moves when the test says so.
final class ManualWorld: Dispatcher, Scheduler, MessageTransport, RandomSource {
    private struct State {
        var ready: [Runnable] = []
        var now = Instant.start
        var timers: [(at: Instant, order: Int, timer: ManualTimer)] = []
        var order = 0
    }

    private let state = Mutex(State())
    let budget: Int

    init(budget: Int = 4) {
        self.budget = budget
    }

    var world: NodeWorld { NodeWorld(dispatcher: self, scheduler: self, transport: self, random: self) }

    func system(_ name: String = "test") -> ActorSystem {
        ActorSystem(name: name, address: NodeAddress(host: "127.0.0.1", port: 1), world: world)
    }

    func execute(_ runnable: Runnable) { state.withLock { $0.ready.append(runnable) } }

    /// Runs turns until none is due, but those of actors that hang.
    func settle(exceptOf hangs: (AnyActorCell) -> Bool = { _ in false }) {
        while true {
            let next = state.withLock { $0.ready.isEmpty ? nil : $0.ready.removeFirst() }
            guard let next else { return }
            if let actor = next as? AnyActorCell, hangs(actor) { continue }
            next.run(TurnGrant(budget: budget))
        }
    }

    /// The number of turns that are due.
    var turnsDue: Int { state.withLock { $0.ready.count } }

    /// Drops the turns that are due, as a killed node's dispatcher does.
    func forgetTurns() { state.withLock { $0.ready = [] } }

    var now: Instant { state.withLock { $0.now } }

    /// Lets time pass, timer by timer.
    func advance(by duration: Duration, exceptOf hangs: (AnyActorCell) -> Bool = { _ in false }) {
        let end = now + duration
        settle(exceptOf: hangs)
        while true {
            let due = state.withLock { state -> ManualTimer? in
                guard let first = state.timers.min(by: { ($0.at, $0.order) < ($1.at, $1.order) }), first.at <= end
                else {
                    return nil
                }
                state.timers.removeAll { $0.order == first.order }
                state.now = max(state.now, first.at)
                return first.timer
            }
            guard let due else { break }
            due.fire()
            settle(exceptOf: hangs)
        }
        state.withLock { $0.now = end }
    }

    func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        let timer = ManualTimer(action)
        state.withLock { state in
            state.order += 1
            state.timers.append((deadline, state.order, timer))
        }
        return timer
    }

    func stream(_ name: String) -> SeededGenerator { SeededGenerator(seed: 1).fork(name) }

    func listen(
        on address: NodeAddress, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) { completion(.success(address)) }

    func connect(to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler) {
        handler.connectionFailed(TransportError(.refused, "no network here"))
    }

    func shutdown(completion: @escaping @Sendable () -> Void) { completion() }
}

final class ManualTimer: ScheduledTimer {
    private let action: Mutex<(@Sendable () -> Void)?>

    init(_ action: @escaping @Sendable () -> Void) {
        self.action = Mutex(action)
    }

    func cancel() { action.withLock { $0 = nil } }

    func fire() { action.withLock { $0 }?() }
}

/// Collects what it is reported.
final class Log<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func append(_ element: Element) { elements.withLock { $0.append(element) } }

    var all: [Element] { elements.withLock { $0 } }
}

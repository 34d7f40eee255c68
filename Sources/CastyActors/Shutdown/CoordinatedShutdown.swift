import CastyCore
import Logging
import Synchronization

/// What users do while their node ends in order, in phases: see ``ActorSystem/shutdown``.
///
/// ```swift
/// node.system.shutdown.add(.stopAccepting, "http") { try await server.stop() }
/// node.system.shutdown.add(.finishWork, "orders", within: .seconds(8)) { await orders.drained() }
/// ```
///
/// The tasks of one phase run side by side. One that throws or is not done within its limit is logged with its name and
/// delays the phase no longer; its task is then cancelled. A node that crashes, or is stopped by another process, runs
/// none.
public final class CoordinatedShutdown: Sendable {
    private struct Hook: Sendable {
        let name: String
        let limit: Duration
        let body: @Sendable () async throws -> Void
    }

    private enum Progress: Sendable {
        case waiting([Hook])
        case running([@Sendable () -> Void])
        case over
    }

    private let scheduler: any Scheduler
    private let tasks: ActorTaskExecutor
    private let log: Logger
    private let phases: Mutex<[ShutdownPhase: Progress]>

    init(_ scheduler: any Scheduler, _ tasks: ActorTaskExecutor, _ log: Logger) {
        self.scheduler = scheduler
        self.tasks = tasks
        self.log = log
        phases = Mutex([:])
    }

    /// Adds a task to a phase.
    ///
    /// - Parameters:
    ///   - phase: When it runs.
    ///   - name: What it is called in the log.
    ///   - limit: How long the phase waits for it at most.
    ///   - body: The task. It runs on the node's threads.
    /// - Returns: Whether it will run: `false` where the phase has already begun.
    @discardableResult
    public func add(
        _ phase: ShutdownPhase, _ name: String, within limit: Duration = .seconds(5),
        _ body: @escaping @Sendable () async throws -> Void
    ) -> Bool {
        phases.withLock { phases in
            guard case .waiting(let hooks) = phases[phase] ?? .waiting([]) else { return false }
            phases[phase] = .waiting(hooks + [Hook(name: name, limit: limit, body: body)])
            return true
        }
    }

    /// Removes the tasks of that name from a phase that has not begun.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    public func remove(_ phase: ShutdownPhase, _ name: String) -> Bool {
        phases.withLock { phases in
            guard case .waiting(let hooks)? = phases[phase] else { return false }
            let left = hooks.filter { $0.name != name }
            phases[phase] = .waiting(left)
            return left.count < hooks.count
        }
    }

    /// Runs phases, one after the other, each only once. Those that run or have run already are waited for.
    ///
    /// - Parameter completion: Called once, when all of them are over; inside this call where nothing has to be done.
    package func run(
        _ phases: some Collection<ShutdownPhase>, atMost limit: Duration? = nil,
        completion: @escaping @Sendable () -> Void
    ) {
        guard let first = phases.first else { return completion() }
        let rest = Array(phases.dropFirst())
        run(first, limit) { [self] in run(rest, atMost: limit, completion: completion) }
    }

    private func run(_ phase: ShutdownPhase, _ limit: Duration?, completion: @escaping @Sendable () -> Void) {
        enum Step {
            case begin([Hook])
            case wait, go
        }
        let step = phases.withLock { phases -> Step in
            switch phases[phase] ?? .waiting([]) {
            case .waiting(let hooks):
                phases[phase] = hooks.isEmpty ? .over : .running([completion])
                return hooks.isEmpty ? .go : .begin(hooks)
            case .running(let waiting):
                phases[phase] = .running(waiting + [completion])
                return .wait
            case .over: return .go
            }
        }
        switch step {
        case .go: completion()
        case .wait: break
        case .begin(let hooks):
            log.info("shutdown: \(phase): \(hooks.map(\.name).joined(separator: ", "))")
            let left = Countdown(hooks.count) { [self] in ended(phase) }
            for hook in hooks { start(hook, of: phase, limit, left) }
        }
    }

    private func start(_ hook: Hook, of phase: ShutdownPhase, _ limit: Duration?, _ left: Countdown) {
        let limit = min(hook.limit, limit ?? hook.limit)
        let once = Countdown(1) { left.step() }
        let task = Task(executorPreference: tasks) { [log] in
            do {
                try await hook.body()
            } catch {
                log.warning("shutdown: \(phase): \(hook.name) failed: \(error)")
            }
            once.step()
        }
        let timer = scheduler.schedule(after: limit) { [log] in
            guard once.step() else { return }
            log.warning("shutdown: \(phase): goes on without \(hook.name), which is not done within \(limit)")
            task.cancel()
        }
        once.whenOver { timer.cancel() }
    }

    private func ended(_ phase: ShutdownPhase) {
        let waiting = phases.withLock { phases -> [@Sendable () -> Void] in
            guard case .running(let waiting)? = phases[phase] else { return [] }
            phases[phase] = .over
            return waiting
        }
        for completion in waiting { completion() }
    }
}

/// Calls back when it has been stepped so many times.
private final class Countdown: Sendable {
    private let left: Mutex<(count: Int, actions: [@Sendable () -> Void])>

    init(_ count: Int, _ action: @escaping @Sendable () -> Void) { left = Mutex((count, [action])) }

    /// - Returns: Whether it was not over before.
    @discardableResult
    func step() -> Bool {
        let (isEarly, actions) = left.withLock { left -> (Bool, [@Sendable () -> Void]) in
            guard left.count > 0 else { return (false, []) }
            left.count -= 1
            guard left.count == 0 else { return (true, []) }
            defer { left.actions = [] }
            return (true, left.actions)
        }
        for action in actions { action() }
        return isEarly
    }

    func whenOver(_ action: @escaping @Sendable () -> Void) {
        let isOver = left.withLock { left in
            if left.count > 0 { left.actions.append(action) }
            return left.count == 0
        }
        if isOver { action() }
    }
}

import CastyCore
import Logging

/// How asynchronous work has ended.
struct AsyncOutcome<Message: Sendable> {
    let message: Message?
    let following: Result<Behavior<Message>, any Error>
}

// While an asynchronous handler runs its actor is suspended: its turns run the jobs of the handler, one between two of
// its suspension points, and act on the signals that concern the handler. Messages and other signals wait.

extension ActorCell {
    /// Starts the asynchronous handler of a message.
    @usableFromInline
    func beginAsync(_ message: Message) {
        guard case .receiveAsync(let receiver) = behavior.kind else { return }
        let context = ActorContext(self)
        inContext(takeContext()) { begin(message) { try await receiver.onMessage(context, message) } }
    }

    /// Starts asynchronous work that decides how to go on. From now on the actor is suspended.
    ///
    /// - Parameter message: The message that it belongs to; `nil` at a start.
    func begin(_ message: Message?, _ work: @escaping () async throws -> Behavior<Message>) {
        isSuspended = true
        let executor = CallExecutor(self)
        let call = AsyncCall(cell: self, message: message, work: work)
        let coldState = needColdState()
        coldState.call = RunningCall(executor: executor, message: message)
        // The first job of the task is enqueued at once, and runs as the next signal of this turn.
        coldState.call?.task = Task(executorPreference: executor) { await call.run() }
    }

    /// Continues with what the handler returned, if it has ended. Returns whether the actor is still suspended.
    @usableFromInline
    func staysSuspended() -> Bool {
        guard isSuspended else { return false }
        guard let coldState, let call = coldState.call, let outcome = call.outcome else { return true }
        coldState.call = nil
        isSuspended = false
        switch outcome.following {
        case .success(let following): become(following, after: outcome.message)
        case .failure(let error):
            if call.isCancelled, error is CancellationError {
                failQuestion(in: outcome.message, .noSuchActor, "it was stopped while it handled the question")
            } else {
                fail(error, handling: outcome.message)
            }
        }
        handleDeferred(call)
        return isSuspended
    }

    private func failQuestion(in message: Message?, _ code: AskError.Code, _ reason: String) {
        if let message { Questions.fail(in: message, code, reason) }
    }

    private func handleDeferred(_ call: RunningCall<Message>) {
        for signal in call.deferred {
            if lifecycle == .stopped { refuse(signal) } else { handle(signal) }
        }
    }

    /// Acts on a signal while an asynchronous handler runs.
    func handleSuspended(_ signal: SystemMessage) {
        guard let call = coldState?.call else { return }
        switch signal {
        case .job(let job, let executor):
            guard call.executor === executor else { return }
            if mayRun() {
                job.runSynchronously(on: executor.asUnownedTaskExecutor())
            } else if call.isCancelled {
                abandonCall()
            } else {
                coldState?.held.append(signal)
            }
        case .stop:
            coldState?.call?.deferred.append(signal)
            guard !call.isCancelled else { return }
            coldState?.call?.isCancelled = true
            call.task?.cancel()
            if isHooked, !mayRun() { abandonCall() }
        case .terminated, .timer, .receiveTimeout, .restart: coldState?.call?.deferred.append(signal)
        case .watch, .unwatch, .childStopped, .resume, .unanswered: handleAtOnce(signal)
        }
    }

    /// Gives up a handler that may not go on: no job of it ever runs again.
    ///
    /// Its task stays in memory, because a task cannot be ended from outside. That is the price for an entity whose
    /// lease has ended never acting again, whatever its handler waits for.
    private func abandonCall() {
        guard let coldState, let call = coldState.call else { return }
        coldState.call = nil
        isSuspended = false
        system.log.warning("\(pathText): it may not run any more, and its asynchronous handler does not go on")
        failQuestion(in: call.message, .failed, "its node may not run it any more")
        handleDeferred(call)
    }

    /// Stops the actor after the current message, which is still handled to its end.
    func stopAfterMessage() {
        if isSuspended { coldState?.call?.deferred.append(.stop) } else { post(.stop) }
    }
}

/// The asynchronous handler that runs now.
struct RunningCall<Message: Sendable> {
    let executor: CallExecutor
    let message: Message?
    var task: Task<Void, Never>?
    var isCancelled = false
    /// Signals that wait for the handler's end, in order.
    var deferred: [SystemMessage] = []
    var outcome: AsyncOutcome<Message>?
}

/// Runs the jobs of one asynchronous handler in turns of its actor.
///
/// So they run on the actor's threads, never two at once, while the node is not frozen, only as long as the actor may
/// run, and in the simulated runtime in one order for one seed.
@usableFromInline
package final class CallExecutor: TaskExecutor {
    private let cell: AnyActorCell

    init(_ cell: AnyActorCell) {
        self.cell = cell
    }

    @usableFromInline
    package func enqueue(_ job: consuming ExecutorJob) { cell.post(.job(UnownedJob(job), self)) }
}

/// One run of asynchronous work.
///
/// `@unchecked Sendable` by design: all of it runs in turns of its actor, so the handler, the cell's state and the
/// context belong to it alone.
private struct AsyncCall<Message: Sendable>: @unchecked Sendable {
    let cell: ActorCell<Message>
    let message: Message?
    let work: () async throws -> Behavior<Message>

    func run() async {
        let following: Result<Behavior<Message>, any Error>
        do {
            following = .success(try await work())
        } catch {
            following = .failure(error)
        }
        cell.coldState?.call?.outcome = AsyncOutcome(message: message, following: following)
    }
}

import CastyCore
import Synchronization

/// A question that waits for its answer: the route for the reply, and the completion it calls.
final class PendingAsk<Reply: Sendable>: Route, AnyPendingAsk {
    private struct State {
        var completion: (@Sendable (Result<Reply, AskError>) -> Void)?
        var timer: (any ScheduledTimer)?
        /// The node that the question was last sent to, by any route.
        var node: NodeAddress?
    }

    let address: ActorAddress
    let question: AnyActorCell
    private let system: ActorSystem
    private let state: Mutex<State>
    /// The position of this question among the messages that the asked actor accepted; 0 where the actor is on another
    /// node.
    let number = Atomic<UInt64>(0)

    init(
        system: ActorSystem, asking question: AnyActorCell,
        completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) {
        self.system = system
        self.question = question
        address = ActorAddress(system: system.name, node: system.address, path: ["temp"], uid: system.nextUID())
        state = Mutex(State(completion: completion))
    }

    func start(timer: any ScheduledTimer) {
        let late = state.withLock { state -> Bool in
            if state.completion == nil { return true }
            state.timer = timer
            return false
        }
        if late { timer.cancel() }
    }

    func deliver(_ message: Reply) -> Delivery { complete(.success(message)) ? .accepted : .refused(.lateReply) }

    func post(_ signal: SystemMessage) {
        if case .unanswered(let code, let reason) = signal {
            fail(AskError(code, asking: question.address.description, because: reason))
        }
    }

    func questionFailed(_ failure: AskFailure) {
        fail(
            AskError(
                failure.code, asking: question.address.description, cause: failure.cause, because: failure.reason))
    }

    func questionLeft(for node: NodeAddress) { state.withLock { $0.node = node } }

    func waits(for node: NodeAddress) -> Bool {
        question.address.node == node || state.withLock { $0.node == node }
    }

    var isOver: Bool { state.withLock { $0.completion == nil } }

    func fail(_ error: AskError) { _ = complete(.failure(error)) }

    private func complete(_ result: Result<Reply, AskError>) -> Bool {
        let (completion, timer) = state.withLock { state in
            let taken = (state.completion, state.timer)
            state = State(completion: nil, timer: nil, node: nil)
            return taken
        }
        guard let completion else { return false }
        timer?.cancel()
        system.askEnded(address.uid)
        completion(result)
        return true
    }
}

/// A waiting question without the type of its answer.
protocol AnyPendingAsk: AnyObject, Sendable {
    var question: AnyActorCell { get }
    var number: Atomic<UInt64> { get }
    func fail(_ error: AskError)
    /// Whether its answer is expected from a node, as far as this node knows.
    func waits(for node: NodeAddress) -> Bool
}

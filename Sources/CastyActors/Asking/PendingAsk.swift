package import CastyCore
import CastyObservability
public import Synchronization

/// A question that waits for its answer: the cell that the reply goes to.
///
/// It is the only object of an ask. The ``AskTable`` holds it while it waits, in a slot that also has its deadline; its
/// subclasses know who has asked.
///
/// ```
///   new ──▶ waiting ──▶ over        A question of an actor begins waiting. The first of reply, failure, timeout and
///    └───────────────────▲          cancellation ends it, and the others have no effect.
/// ```
@usableFromInline
package class PendingAsk<Reply: Sendable>: MessageCell<Reply>, AnyPendingAsk, @unchecked Sendable {
    /// What was asked.
    let question: AnyActorCell
    /// The position of this question among the messages that the asked actor accepted; 0 where the actor is on another
    /// node.
    @usableFromInline let number = Atomic<UInt64>(0)
    private let phase: Atomic<UInt8>
    /// Whether the reference to it was sent to another node.
    private let hasTravelled = Atomic<Bool>(false)
    /// Passes the reply on. It is created where both types are known, because a virtual function is not specialised.
    private let pass: @Sendable (AnyActorCell, UnsafeRawPointer) -> Void
    /// Where the table of questions has this one. The lock of the table protects it.
    @exclusivity(unchecked) private var ticket = AskTicket.none
    /// The node that the question was last sent to, by any route. The lock of the table protects it.
    @exclusivity(unchecked) private var node: NodeAddress?

    /// - Parameters:
    ///   - question: What is asked.
    ///   - isWaiting: Whether it may end from now on.
    ///   - pass: Passes the reply on, whose type this function knows.
    init(
        asking question: AnyActorCell, in system: ActorSystem, isWaiting: Bool = true,
        pass: @escaping @Sendable (AnyActorCell, UnsafeRawPointer) -> Void
    ) {
        self.question = question
        self.pass = pass
        phase = Atomic(isWaiting ? Phase.waiting : Phase.new)
        super.init(system: system, form: .ask, uid: system.nextUID(), traffic: .reply)
    }

    /// Reports that no reply will come. Called once, instead of `pass`.
    func failed(_ error: AskError) {}

    /// Sends the question.
    @inlinable
    final func start<Message: Sendable>(
        asking target: MessageCell<Message>, within timeout: Duration, _ question: (ActorRef<Reply>) -> Message
    ) {
        guard register(within: timeout) else { return }
        let message = question(ActorRef(self))
        switch target.offer(message, asking: self) {
        case .accepted, .acceptedIdle, .accounted: break
        case let refusal:
            refused(refusal)
            system.lose(message, to: target, because: refusal)
        }
    }

    /// Takes the reply, if none has come and the question still waits.
    @inlinable
    final func answer(_ message: Reply) -> Delivery {
        guard end() else { return Self.late }
        withUnsafePointer(to: message) { passOn($0) }
        return .accepted
    }

    @usableFromInline
    static var late: Delivery { .refused(.lateReply) }

    @usableFromInline
    final func passOn(_ reply: UnsafeRawPointer) { pass(self, reply) }

    /// Begins to wait. Returns `false` where it was cancelled before.
    final func beginWaiting() -> Bool {
        phase.compareExchange(expected: Phase.new, desired: Phase.waiting, ordering: .acquiringAndReleasing).exchanged
    }

    /// Cancels the question, also one that has not begun to wait.
    final func cancel() {
        let (exchanged, original) = phase.compareExchange(
            expected: Phase.new, desired: Phase.over, ordering: .acquiringAndReleasing)
        if !exchanged, original == Phase.waiting { fail(error(.cancelled)) }
    }

    final func error(_ code: AskError.Code) -> AskError { AskError(code, asking: question.address.description) }

    /// Puts it into the table of questions. Where the system has ended it fails at once.
    @usableFromInline
    final func register(within timeout: Duration) -> Bool {
        let isIn = system.asks.insert(NewAsk(ask: self), uid: uid, within: timeout) { ticket = $0 }
        if !isIn {
            fail(
                AskError(
                    .shutdown, asking: question.address.description, because: "\(system.unique) has ended"))
        }
        return isIn
    }

    /// The asked actor or its node did not take the question.
    @usableFromInline
    final func refused(_ delivery: Delivery) {
        // If the refusing node has already failed the ask with its own reason, this call has no effect.
        if case .refused(let reason) = delivery { fail(error(AskError.Code(reason))) }
    }

    /// Ends it. Returns `false` where it is over already.
    @usableFromInline
    final func end() -> Bool {
        guard
            phase.compareExchange(
                expected: Phase.waiting, desired: Phase.over, ordering: .sequentiallyConsistent
            ).exchanged
        else { return false }
        system.asks.remove(uid: uid) { ticket }
        // `willTravel` sets the flag and then looks whether it is over, so one of the two sees the other.
        if hasTravelled.load(ordering: .sequentiallyConsistent) { system.unexpose(self) }
        return true
    }

    final func fail(_ error: AskError) { if end() { failed(error) } }

    final func timedOut(after timeout: Duration) {
        guard end() else { return }
        failed(AskError(.timedOut, asking: question.address.description, after: "\(timeout)"))
    }

    final func waits(for node: NodeAddress) -> Bool {
        question.address.node == node || system.asks.withLock(of: uid) { self.node == node }
    }

    override final package var address: ActorAddress {
        ActorAddress(system: system.name, node: system.address, path: ["temp"], uid: uid)
    }

    override final package func post(_ message: SystemMessage) {
        if case .unanswered(let code, let reason) = message {
            fail(AskError(code, asking: question.address.description, because: reason))
        }
    }

    override final package func willTravel() {
        hasTravelled.store(true, ordering: .sequentiallyConsistent)
        system.expose(self)
    }

    override final package var isOver: Bool { phase.load(ordering: .sequentiallyConsistent) == Phase.over }

    override final package func questionLeft(for node: NodeAddress) {
        system.asks.withLock(of: uid) { self.node = node }
    }

    override final package func questionFailed(_ failure: AskFailure) {
        fail(
            AskError(
                failure.code, asking: question.address.description, cause: failure.cause, because: failure.reason))
    }
}

private enum Phase {
    static let new: UInt8 = 0
    static let waiting: UInt8 = 1
    static let over: UInt8 = 2
}

/// A waiting question without the type of its answer.
protocol AnyPendingAsk: AnyObject, Sendable {
    var uid: UInt64 { get }
    var question: AnyActorCell { get }
    var number: Atomic<UInt64> { get }
    func fail(_ error: AskError)
    func timedOut(after timeout: Duration)
    /// Whether its answer is expected from a node, as far as this node knows.
    func waits(for node: NodeAddress) -> Bool
}

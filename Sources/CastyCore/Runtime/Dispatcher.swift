/// Something that runs in short turns: an actor's mailbox, a connection's queue.
///
/// A runnable is handed to a ``Dispatcher`` when it has work, and not again before its turn starts, so two turns of one
/// runnable never overlap. It is a base class rather than a protocol: queues hold one word per entry and a turn is one
/// virtual call.
open class Runnable: @unchecked Sendable {
    /// Creates a runnable that has no work.
    public init() {}

    /// Takes a turn: handles as many messages as are granted at most, then asks the dispatcher for another turn if more
    /// wait.
    open func run(_ grant: TurnGrant) {}

    /// What is known about the length of its turns, see ``TurnPace``. A runnable that does not store it never runs on a
    /// thread that reads from the network.
    open var pace: TurnPace {
        get { .unknown }
        set {}
    }

    /// Whether what its turns send to other nodes may wait for the end of the turn, so that it is written together. Only
    /// for runnables whose turns never block.
    open var gathersWrites: Bool { false }

    /// Whether it has turn after turn, so that a thread may keep a reference to it for some time after one of them.
    open var hasManyTurns: Bool { false }
}

/// What a dispatcher grants a runnable for one turn.
public struct TurnGrant: Hashable, Sendable {
    /// The number of stripes of a counter that many threads add to.
    @inlinable package static var stripes: Int { 16 }

    /// The most messages of the turn, at least 1.
    public let budget: Int
    /// The stripe of such counters that the calling thread alone adds to, without an atomic step: 1…15. Threads without
    /// one share the first, 0.
    public let stripe: Int

    /// - Precondition: `budget` is at least 1, and there is such a stripe.
    @inlinable
    package init(budget: Int, stripe: Int = 0) {
        precondition(budget >= 1 && (0..<Self.stripes).contains(stripe), "a grant of \(budget) on stripe \(stripe)")
        self.budget = budget
        self.stripe = stripe
    }
}

/// A piece of work that takes exactly one turn: for code outside the actors that must run on the dispatcher.
package final class WorkItem: Runnable, @unchecked Sendable {
    private let work: @Sendable () -> Void

    package init(_ work: @escaping @Sendable () -> Void) {
        self.work = work
    }

    override public func run(_ grant: TurnGrant) { work() }
}

/// Runs turns: one of the interfaces that the live and the simulated runtime implement.
///
/// Live: worker threads behind one view per node. Simulated: one queue ordered by virtual time. Freezing a node parks
/// its view: work handed over meanwhile waits. Killing a node discards its view: work handed over is dropped.
package protocol Dispatcher: AnyObject, Sendable {
    /// How many messages a turn may handle.
    var budget: Int { get }

    /// Lets the runnable take a turn soon, on some thread, never inside this call.
    func execute(_ runnable: Runnable)

    /// Calls the function, on a thread of its own, once for each turn that runs for longer than a second.
    func observeLongTurns(_ observer: @escaping @Sendable (LongTurn) -> Void)

    /// Lets another thread run: the caller waits for it, for some instructions.
    func yield()

    /// What its threads have done so far; `nil` where it has no threads.
    var turnTotals: TurnTotals? { get }
}

extension Dispatcher {
    /// Where a handler cannot occupy a thread there is nothing to observe.
    package func observeLongTurns(_ observer: @escaping @Sendable (LongTurn) -> Void) {}

    /// Where there is one thread only there is nothing to wait for.
    package func yield() {}

    package var turnTotals: TurnTotals? { nil }
}

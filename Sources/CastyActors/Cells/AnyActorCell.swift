public import CastyCore
public import CastyObservability
package import CastySerialization
import Synchronization

/// What takes the messages of a cell. It is a byte in the cell, so that `tell` finds the way of a message without a
/// virtual call.
@usableFromInline
package enum CellForm: UInt8, Sendable {
    /// An actor of this node.
    case actor
    /// A question that waits for its reply.
    case ask
    /// Another node, an adapter, or nothing.
    case route
}

/// The target of references, without its message type: identity, family and the runtime's own messages.
///
/// `@unchecked Sendable` by design: what producers share is behind a `Mutex`. The rest belongs to the turn, and a
/// dispatcher never lets two turns of one runnable overlap.
@usableFromInline
package class AnyActorCell: Runnable, @unchecked Sendable {
    /// The system it belongs to.
    @usableFromInline
    package let system: ActorSystem
    package let name: String
    package let parent: AnyActorCell?
    /// The number of this incarnation. Zero only for a reference to whichever actor has the path.
    @usableFromInline
    package let uid: UInt64
    /// Takes one turn. The closure is created where the message type is known, so that the compiler specialises the
    /// loop for it.
    private let turn: @Sendable (AnyActorCell, TurnGrant) -> Void
    /// Its children by name; only actors have any. They have a lock of their own because lookups by path come from other
    /// threads. Not an `AtomicLazyReference`, whose functions are not specialised: each use would look up metadata.
    private let familyReference = Atomic<Unmanaged<Family>?>(nil)
    // Smaller properties are at the end: those of subclasses follow without a gap.
    /// Whether a turn is due, and the lock of the mailbox. Only actors use it.
    @usableFromInline let mailbox = MailboxWord(.scheduled)
    /// The loss class of its messages.
    @usableFromInline
    package let traffic: LossClass
    /// What takes its messages.
    @usableFromInline let form: CellForm
    /// Whether other nodes may reach it by a path alone. Protected by the lock of its system.
    @exclusivity(unchecked) var isPublished = false
    private let chosenDispatcher: Atomic<UInt8>
    private let turnPace = Atomic<UInt8>(0)
    private let waitsWithWrites = Atomic<Bool>(false)

    /// The slot of those that are in none.
    @usableFromInline static var noSlot: UInt32 { .max }

    /// Where its parent's family keeps it, if it has no name of its own. Protected by the lock of that family. Only an
    /// actor has one: it stores it where its memory has a gap.
    @usableFromInline var familySlot: UInt32 {
        get { Self.noSlot }
        set {}
    }

    @usableFromInline
    package init(
        system: ActorSystem, form: CellForm, name: String = "", parent: AnyActorCell? = nil, uid: UInt64,
        traffic: LossClass, dispatcher: DispatcherKind = .standard,
        turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void = { _, _ in }
    ) {
        self.system = system
        self.name = name
        self.parent = parent
        self.uid = uid
        self.traffic = traffic
        self.form = form
        chosenDispatcher = Atomic(dispatcher.rawValue)
        self.turn = turn
        super.init()
    }

    deinit { familyReference.load(ordering: .acquiring)?.release() }

    override public final func run(_ grant: TurnGrant) { turn(self, grant) }

    override public final var pace: TurnPace {
        get { TurnPace(rawValue: turnPace.load(ordering: .relaxed)) }
        set { turnPace.store(newValue.rawValue, ordering: .relaxed) }
    }

    override public final var gathersWrites: Bool { waitsWithWrites.load(ordering: .relaxed) }

    override public final var hasManyTurns: Bool { true }

    /// From now on, what its turns send to other nodes may wait for the end of the turn.
    package final func gatherWrites() { waitsWithWrites.store(true, ordering: .relaxed) }

    /// Asks for a turn.
    @usableFromInline
    final func requestTurn() { system.execute(self) }

    /// The threads that take its turns. A change counts from the next turn on.
    @usableFromInline
    final var dispatcher: DispatcherKind {
        get { DispatcherKind(rawValue: chosenDispatcher.load(ordering: .relaxed)) }
        set { chosenDispatcher.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// The address. It is composed on demand, so that an idle actor does not pay for it.
    package var address: ActorAddress {
        ActorAddress(system: system.name, node: system.address, path: path, uid: uid)
    }

    package var path: [String] {
        var names = [name]
        var next = parent
        while let target = next {
            names.append(target.name)
            next = target.parent
        }
        return names.reversed()
    }

    /// Delivers a message of the runtime. These overtake user messages.
    package func post(_ message: SystemMessage) {}

    /// Stops the actor when it has handled all messages that wait now. Later messages are refused.
    package func stopAfterMailbox() {}

    /// Makes the cell reachable from other nodes, because a reference to it is about to leave this node. A cell for an
    /// actor of another node is reachable there already.
    package func willTravel() {
        if address.node == system.address { system.expose(self) }
    }

    /// Releases what it holds, and its children.
    package func abandon() {}

    /// Whether the actor or route behind it has ended permanently.
    package var isOver: Bool { false }

    /// Its children; `nil` while it has had none. Set once and kept.
    final var family: Family? { familyReference.load(ordering: .acquiring)?.takeUnretainedValue() }

    /// Its children, who are these from now on if it has had none.
    final func family(orElse first: @autoclosure () -> Family) -> Family {
        if let family { return family }
        let mine = Unmanaged.passRetained(first())
        let (isMine, other) = familyReference.compareExchange(
            expected: nil, desired: mine, ordering: .acquiringAndReleasing)
        if isMine { return mine.takeUnretainedValue() }
        mine.release()
        return other.map { $0.takeUnretainedValue() } ?? Family.childless
    }

    /// The living child of that name.
    package final func child(named name: String) -> AnyActorCell? { family?.child(named: name) }

    /// The living children in the order of their creation.
    package final var livingChildren: [AnyActorCell] { family?.ordered ?? [] }

    /// Some living children in no certain order, up to a limit: for figures that add them up.
    package final func someChildren(_ limit: Int) -> [AnyActorCell] { family?.some(limit) ?? [] }

    /// The question whose reply this cell waits for was sent to a node, or is on this one again.
    package func questionLeft(for node: NodeAddress) {}

    /// The question whose reply this cell waits for will not be answered.
    package func questionFailed(_ failure: AskFailure) { post(.unanswered(failure.code, failure.reason)) }

    /// The number of waiting messages.
    package var waiting: Int { 0 }

    /// The registration of the messages that it takes; `nil` where they stay on their node.
    package func registration(in registry: TypeRegistry) -> AnyRegisteredType? { nil }

    /// The position in the order in which actors were started on this node.
    package var birth: UInt64 { uid &- system.firstUID }

    /// The path as readable text.
    package var pathText: String { "/" + path.joined(separator: "/") }

    package static func same(_ left: AnyActorCell, _ right: AnyActorCell) -> Bool {
        left === right || (left.uid == right.uid && left.uid != 0 && left.address == right.address)
            || (left.uid == 0 && right.uid == 0 && left.address == right.address)
    }
}

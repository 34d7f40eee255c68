public import CastyCore
package import CastyObservability

/// What references point at, without the type of its messages: identity, family and the runtime's own messages.
///
/// `@unchecked Sendable` by design: what producers share is behind a `Mutex`; the rest belongs to the turn, and a dispatcher never lets two
/// turns of one runnable overlap.
@usableFromInline
package class AnyActorCell: Runnable, @unchecked Sendable {
    /// The system it belongs to.
    @usableFromInline
    package let system: ActorSystem
    package let name: String
    package let parent: AnyActorCell?
    /// The number of this incarnation. Zero only for a reference to "whichever lives at that path".
    package let uid: UInt64
    /// Whose traffic its messages are.
    package let traffic: LossClass
    /// Whether other nodes may reach it by a path alone; behind the lock of its system.
    @exclusivity(unchecked) var isPublished = false
    /// Takes one turn. A closure made where the message type is known, so that the compiler specialises the loop for it.
    private let turn: @Sendable (AnyActorCell, Int) -> Void

    package init(
        system: ActorSystem, name: String, parent: AnyActorCell?, uid: UInt64, traffic: LossClass,
        turn: @escaping @Sendable (AnyActorCell, Int) -> Void
    ) {
        self.system = system
        self.name = name
        self.parent = parent
        self.uid = uid
        self.traffic = traffic
        self.turn = turn
        super.init()
    }

    override public final func run(budget: Int) { turn(self, budget) }

    /// Asks for a turn.
    @usableFromInline
    final func requestTurn() { system.dispatcher.execute(self) }

    /// The address; composed when asked for, so that an idle actor does not pay for it.
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

    /// Hands over one of the runtime's messages; they overtake user messages.
    package func post(_ message: SystemMessage) {}

    /// Stops the actor when it has handled all that waits now; what comes later is refused.
    package func stopAfterMailbox() {}

    /// Makes the target reachable from other nodes, because a reference to it is about to leave. One that lives elsewhere is
    /// reachable there already.
    package func willTravel() {
        if address.node == system.address { system.expose(self) }
    }

    /// Lets go of what it holds and of its children.
    package func abandon() {}

    /// Whether what it led to has ended for good.
    package var isOver: Bool { false }

    /// The child of that name, if it lives.
    package func child(named name: String) -> AnyActorCell? { nil }

    /// The children that live, in the order of their birth.
    package var livingChildren: [AnyActorCell] { [] }

    /// A question that waits for its reply here has left for a node, or is on this one again.
    package func questionLeft(for node: NodeAddress) {}

    /// A question that waits for its reply here will not be answered.
    package func questionFailed(_ failure: AskFailure) { post(.unanswered(failure.code, failure.reason)) }

    /// How many messages wait.
    package var waiting: Int { 0 }

    /// The place in the order in which actors were started here.
    package var birth: UInt64 { uid &- system.firstUID }

    /// The path as text, for people.
    package var pathText: String { "/" + path.joined(separator: "/") }

    package static func same(_ left: AnyActorCell, _ right: AnyActorCell) -> Bool {
        left === right || (left.uid == right.uid && left.uid != 0 && left.address == right.address)
            || (left.uid == 0 && right.uid == 0 && left.address == right.address)
    }
}

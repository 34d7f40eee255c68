import CastyCore
import Synchronization

/// Converts messages of one type to another and passes them on.
final class AdapterRoute<Other: Sendable, Message: Sendable>: Route {
    let address: ActorAddress
    // Weak, because the actor holds its adapters. A reference to a stopped actor's adapter leads nowhere.
    private let owner: WeakTarget<Message>
    private let transform: Mutex<@Sendable (Other) -> Message>

    init(to owner: ActorCell<Message>, transform: @escaping @Sendable (Other) -> Message) {
        self.owner = WeakTarget(owner)
        self.transform = Mutex(transform)
        let uid = owner.system.nextUID()
        address = owner.address.child("$adapter", uid: uid)
    }

    func deliver(_ message: Other) -> Delivery {
        guard let owner = owner.target else { return .refused(.noSuchActor) }
        let transform = transform.withLock { $0 }
        owner.tell(transform(message))
        return .accounted
    }

    /// Converts with another function from now on.
    func replace(_ new: @escaping @Sendable (Other) -> Message) { transform.withLock { $0 = new } }

    func post(_ signal: SystemMessage) { owner.target?.post(signal) }

    var isOver: Bool { owner.target?.isOver ?? true }
}

/// A weak reference to a cell.
struct WeakTarget<Message: Sendable>: Sendable {
    private(set) weak var target: ActorCell<Message>?

    init(_ target: ActorCell<Message>) {
        self.target = target
    }
}

package import CastyCore
import CastyObservability
import Synchronization

/// The route to other nodes, provided by remoting.
package protocol RemoteAccess: AnyObject, Sendable {
    /// A route to an actor of another node.
    func route<Message: Sendable>(to address: ActorAddress, as type: Message.Type) -> any Route<Message>

    /// Closes all connections and calls back when done.
    func shutdown(completion: @escaping @Sendable () -> Void)
}

extension ActorSystem {
    /// Installs the route to other nodes. Without one, references to other nodes lead nowhere.
    package func install(_ remote: any RemoteAccess) { state.withLock { $0.remote = remote } }

    /// A reference to the actor at a path of a node, whichever incarnation runs there.
    package func reference<Message: Sendable>(
        on node: NodeAddress, path: [String], as type: Message.Type = Message.self
    ) -> ActorRef<Message> {
        reference(to: ActorAddress(system: name, node: node, path: path, uid: 0))
    }

    /// A reference to the actor at an address, on this node or another.
    ///
    /// An address with uid zero means whichever actor has that path; only published actors are found by it. Where no
    /// actor is found, messages become dead letters.
    package func reference<Message: Sendable>(
        to address: ActorAddress, as type: Message.Type = Message.self
    ) -> ActorRef<Message> {
        if address.node == self.address {
            switch find(path: address.path, uid: address.uid) {
            case .found(let target):
                if let typed = target as? MessageCell<Message> { return ActorRef(typed) }
                return dead(address, .undecodable)
            case .missing(let reason): return dead(address, reason)
            }
        }
        guard let remote = state.withLock({ $0.remote }) else { return dead(address, .unreachable) }
        return ActorRef(
            RouteCell(
                system: self, route: remote.route(to: address, as: type), uid: address.uid,
                traffic: LossClass(path: address.path)))
    }

    private func dead<Message: Sendable>(_ address: ActorAddress, _ reason: LossReason) -> ActorRef<Message> {
        ActorRef(
            RouteCell(
                system: self, route: DeadRoute<Message>(address: address, reason: reason), uid: address.uid,
                traffic: .user))
    }

    /// The result of looking up a path of this node for a message from another one.
    package enum Found: Sendable {
        case found(AnyActorCell)
        /// No actor that other nodes may reach.
        case missing(LossReason)
    }

    /// Grows whenever ``find(path:uid:)`` may find another actor at a path without a uid than before.
    ///
    /// Read it before the search whose result is kept.
    package var publications: UInt64 { publicationCount.value }

    /// Finds an actor that other nodes may reach: one whose reference was sent to another node, or a published one by
    /// its path.
    package func find(path: [String], uid: UInt64) -> Found {
        let found = findKnown(path: path, uid: uid)
        // A user's actor is found by its path, with or without its number, also if no reference to it was sent: another
        // program or a configuration may have named it. It is published then, so that the search is not repeated.
        guard case .missing = found, path.first == "user", path.count > 1, let target = running(at: path),
            uid == 0 || uid == target.uid
        else { return found }
        if uid == 0 { publish(target) } else { expose(target) }
        return .found(target)
    }

    private func findKnown(path: [String], uid: UInt64) -> Found {
        state.withLock { state in
            if uid == 0 {
                let text = "/" + path.joined(separator: "/")
                let target =
                    state.wellKnown[text] ?? state.fallbacks.first { text.hasPrefix($0.prefix) }?.target
                return target.map { .found($0) } ?? .missing(.noSuchActor)
            }
            if let target = state.exposed[uid] { return .found(target) }
            // A uid that this system never assigned belongs to an earlier incarnation at the same address.
            let number = uid &- firstUID
            let mine = number != 0 && number <= counters.numbersAssigned
            if mine {
                if let known = state.wellKnown["/" + path.joined(separator: "/")], known.uid == uid {
                    return .found(known)
                }
                return .missing(.noSuchActor)
            }
            return .missing(.wrongIncarnation)
        }
    }
}

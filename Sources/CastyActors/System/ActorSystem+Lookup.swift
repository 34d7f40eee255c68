public import CastyCore
import Synchronization

extension ActorSystem {
    /// A reference to the actor at an address, which another program or a configuration may have named.
    ///
    /// ```swift
    /// let till = system.resolve(ActorAddress("casty://shop/till")!, as: Till.Message.self)
    /// let far = system.resolve(ActorAddress("casty://shop@10.0.0.7:25520/user/till")!, as: Till.Message.self)
    /// ```
    ///
    /// A local address means an actor of this system, and its path may leave `user` out. An address without a number
    /// means the incarnation that runs there.
    ///
    /// - Parameters:
    ///   - address: The address.
    ///   - type: The messages that the actor takes.
    /// - Returns: The reference. `nil` where the address is one of this system, and no actor that takes such messages
    ///   runs there now; where it names another system; or where this system has no network. What runs on another node
    ///   is not known here: messages that find no actor there become dead letters, and asks fail.
    public func resolve<Message: Sendable>(
        _ address: ActorAddress, as type: Message.Type = Message.self
    ) -> ActorRef<Message>? {
        guard address.system == name, !address.path.isEmpty else { return nil }
        guard address.isLocal || address.node == self.address else {
            return state.withLock { $0.remote == nil } ? nil : reference(to: address)
        }
        guard let target = running(at: rooted(address.path, isLocal: address.isLocal)) as? ActorCell<Message> else {
            return nil
        }
        return address.uid == 0 || address.uid == target.uid ? ActorRef(target) : nil
    }

    /// The actor that runs on this node at a path: `/user/till`, or `till` for short.
    ///
    /// - Returns: `nil` where none runs there.
    public func lookup(_ path: String) -> AnyActorRef? {
        let names = path.split(separator: "/").map(String.init)
        return running(at: rooted(names, isLocal: !path.hasPrefix("/"))).map { AnyActorRef($0) }
    }

    /// The actor that runs on this node at a path, as one that takes messages of a type.
    ///
    /// - Returns: `nil` where none runs there, or it takes others.
    public func lookup<Message: Sendable>(_ path: String, as type: Message.Type) -> ActorRef<Message>? {
        (lookup(path)?.target as? ActorCell<Message>).map { ActorRef($0) }
    }

    /// The path from the root: a short one is that of a user's actor.
    private func rooted(_ path: [String], isLocal: Bool) -> [String] {
        isLocal && path.first != "user" && path.first != "system" ? ["user"] + path : path
    }

    /// The actor that runs at a path now.
    func running(at path: [String]) -> AnyActorCell? {
        guard path.count > 1 else { return nil }
        let root: ActorCell<Never>? = state.withLock { state in
            switch path[0] {
            case "user": state.user
            case "system": state.system
            default: nil
            }
        }
        var target: AnyActorCell? = root
        for name in path.dropFirst() { target = target?.child(named: name) }
        return target.flatMap { $0.isOver ? nil : $0 }
    }
}

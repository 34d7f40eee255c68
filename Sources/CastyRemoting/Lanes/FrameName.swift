import CastyActors
import CastyCore
import CastySerialization

/// How a frame identifies the ask that waits for a reply to it.
///
/// An ask of the sending node is a number in the frame's correlation. Its address is long and unique, so parsing,
/// hashing and remembering it at both ends would be wasted. Only an ask of a third node, whose question is forwarded,
/// is identified by its address.
struct FrameName {
    /// 0 where there is no ask, or where its address identifies it.
    var correlation: UInt64 = 0
    var address: ActorAddress?
}

extension AnyActorCell {
    /// For the cell of an ask: how a frame that this node sends identifies it.
    var frameName: FrameName {
        let address = address
        return address.node == system.address && address.path == FrameName.path
            ? FrameName(correlation: address.uid) : FrameName(address: address)
    }
}

extension FrameName {
    /// The path of asks, on every node.
    static let path = ["temp"]
}

extension ActorSystem {
    /// The address of an ask of this node.
    func ask(numbered uid: UInt64) -> ActorAddress {
        ActorAddress(system: name, node: address, path: FrameName.path, uid: uid)
    }
}

extension FrameHeader {
    /// The ask that waits for a reply to this frame, which came from `peer`.
    func asker(from peer: NodeAddress?, system: String) -> ActorAddress? {
        if let sender { return sender }
        guard correlation != 0, let peer else { return nil }
        return ActorAddress(system: system, node: peer, path: FrameName.path, uid: correlation)
    }
}

import CastyActors
import CastyCore
import CastySerialization

/// How a frame names the ask that waits for a reply to it.
///
/// An ask of the node that sends the frame is a number, in the frame's correlation: its address is long, no two asks have the same, and each
/// end would parse, hash and remember it in vain. Only an ask of a third node, whose question is passed on, is named by its address.
struct FrameName {
    /// 0 where there is none, or where it is named by its address.
    var correlation: UInt64 = 0
    var address: ActorAddress?
}

extension AnyActorCell {
    /// Of an ask: how a frame that this node sends names it.
    var frameName: FrameName {
        let address = address
        return address.node == system.address && address.path == FrameName.path
            ? FrameName(correlation: address.uid) : FrameName(address: address)
    }
}

extension FrameName {
    /// Where asks live, on every node.
    static let path = ["temp"]
}

extension FrameHeader {
    /// The ask that waits for a reply to the frame, which came from that peer.
    func asker(from peer: NodeAddress?, system: String) -> ActorAddress? {
        if let sender { return sender }
        guard correlation != 0, let peer else { return nil }
        return ActorAddress(system: system, node: peer, path: FrameName.path, uid: correlation)
    }
}

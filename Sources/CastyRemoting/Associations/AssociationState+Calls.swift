import CastyCore
import CastySerialization

/// The connections in addition to the standing ones. The oldest come first.
struct CallLinks: Sendable {
    /// Dialled here for a call.
    var dialled: [Link] = []
    /// Those on which the peer calls.
    var accepted: [Link] = []

    var count: Int { dialled.count + accepted.count }
    var isEmpty: Bool { count == 0 }
}

/// Calls: connections in addition to the standing ones, each for one question and its answer.
extension AssociationState {
    /// Whether that incarnation may be called now.
    func mayCall(_ incarnation: UniqueAddress) -> Bool {
        peer == incarnation && identity.known?.isCallable == true && identity.removed != incarnation && !isClosing
            && !cannotBeDialled && calls.dialled.count < settings.callLimit
    }

    /// Records a call. Returns whether it may be dialled.
    mutating func beginCall(_ link: Link, to incarnation: UniqueAddress) -> Bool {
        guard mayCall(incarnation) else { return false }
        calls.dialled.append(link)
        return true
    }

    /// The peer calls. Only the incarnation that has introduced itself on an ordinary connection may call. Beyond the
    /// limit, a new call resets the oldest one.
    mutating func admitCall(_ link: Link, _ peer: Handshake.Peer) -> (Admission, [Effect]) {
        if isClosing { return (.refuse(.shuttingDown, ""), []) }
        guard self.peer == peer.address, identity.removed != peer.address else { return (.refuse(.busy, ""), []) }
        calls.accepted.append(link)
        guard calls.accepted.count > max(settings.callLimit, 1) else { return (.welcome, []) }
        return (.welcome, [.reset(calls.accepted.removeFirst())])
    }

    /// One call has been answered, so the others are not needed.
    mutating func endDialledCalls() -> [Effect] {
        defer { calls.dialled = [] }
        return calls.dialled.map { .close($0) }
    }

    mutating func endCalls() -> [Effect] {
        defer { calls = CallLinks() }
        return (calls.dialled + calls.accepted).map { .reset($0) }
    }

    mutating func forgetCall(_ link: Link) {
        calls.dialled.removeAll { $0 === link }
        calls.accepted.removeAll { $0 === link }
    }
}

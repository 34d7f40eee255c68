import CastyCore
import CastySerialization

/// Calls: connections in addition to the standing ones, each for one question and its answer.
extension AssociationState {
    /// Whether that incarnation may be called now.
    func mayCall(_ incarnation: UniqueAddress) -> Bool {
        peer == incarnation && removed != incarnation && isCallable && !isClosing && !cannotBeDialled
            && calls.count < settings.callLimit
    }

    /// Records a call. Returns whether it may be dialled.
    mutating func beginCall(_ link: Link, to incarnation: UniqueAddress) -> Bool {
        guard mayCall(incarnation) else { return false }
        calls.append(link)
        return true
    }

    /// The peer calls. Only the incarnation that has introduced itself on an ordinary connection may call. Beyond the
    /// limit, a new call resets the oldest one.
    mutating func admitCall(_ link: Link, _ peer: Handshake.Peer) -> (Admission, [Effect]) {
        if isClosing { return (.refuse(.shuttingDown, ""), []) }
        guard self.peer == peer.address, removed != peer.address else { return (.refuse(.busy, ""), []) }
        callers.append(link)
        guard callers.count > max(settings.callLimit, 1) else { return (.welcome, []) }
        return (.welcome, [.reset(callers.removeFirst())])
    }

    /// One call has been answered, so the others are not needed.
    mutating func endDialledCalls() -> [Effect] {
        defer { calls = [] }
        return calls.map { .close($0) }
    }

    mutating func endCalls() -> [Effect] {
        defer { (calls, callers) = ([], []) }
        return (calls + callers).map { .reset($0) }
    }

    mutating func forgetCall(_ link: Link) {
        calls.removeAll { $0 === link }
        callers.removeAll { $0 === link }
    }
}

package import CastyLive
import Synchronization

/// Which links between the live nodes of one process are cut, by host and direction.
///
/// A cut stalls the bytes of existing connections in that direction, at both ends, and makes new connection attempts
/// between the two hosts time out. A connection that has been cut for longer than the tolerance is reset. All
/// transports that share a gate are notified of each change. A change returns when all of them have processed it, so
/// call it from outside the transports' own threads.
package final class LinkGate: LinkFilter {
    private struct Link: Hashable {
        let from: String
        let to: String
    }

    private struct State {
        var cuts: Set<Link> = []
        var transports: [TCPTransport] = []
    }

    private let state = Mutex(State())

    /// How long a connection survives a cut.
    package let tolerance: Duration

    /// - Parameter tolerance: How long a connection survives a cut.
    package init(tolerance: Duration = .seconds(10)) { self.tolerance = tolerance }

    /// Cuts one direction between two hosts.
    package func cut(from: String, to: String) {
        change { $0.insert(Link(from: from, to: to)) }
    }

    /// Heals one direction between two hosts.
    package func heal(from: String, to: String) {
        change { $0.remove(Link(from: from, to: to)) }
    }

    /// Heals all links.
    package func healAll() {
        change { $0 = [] }
    }

    /// Whether bytes from the one host do not reach the other.
    package func isCut(from: String, to: String) -> Bool {
        state.withLock { $0.cuts.contains(Link(from: from, to: to)) }
    }

    package func register(_ transport: TCPTransport) { state.withLock { $0.transports.append(transport) } }

    package func unregister(_ transport: TCPTransport) {
        state.withLock { state in state.transports.removeAll { $0 === transport } }
    }

    private func change(_ body: (inout Set<Link>) -> Void) {
        let transports = state.withLock { state in
            body(&state.cuts)
            return state.transports
        }
        for transport in transports { transport.linksChanged() }
    }
}

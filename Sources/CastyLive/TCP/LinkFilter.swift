/// Cuts links between live nodes of one process. Tests inject one; production code runs without.
///
/// A cut stalls the bytes of existing connections in that direction, at both ends. A new attempt to connect the two
/// hosts waits for the cut to heal, and times out if it does not.
package protocol LinkFilter: AnyObject, Sendable {
    /// How long a connection survives a cut before it is reset.
    var tolerance: Duration { get }

    /// Whether bytes from one host do not reach the other.
    func isCut(from: String, to: String) -> Bool

    /// Calls ``TCPTransport/linksChanged()`` after each change from now on.
    func register(_ transport: TCPTransport)

    func unregister(_ transport: TCPTransport)
}

extension TCPTransport {
    /// Applies a change of the ``LinkFilter``. Returns when all connections follow it.
    ///
    /// Called from outside the transport's own threads.
    package func linksChanged() { performAndWait { self.refreshConnections() } }
}

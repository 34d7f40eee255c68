import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import Synchronization

/// What a peer that is no member may cost this node: how many bytes may wait for its next ones, and how many answers for
/// its reading.
extension Link {
    /// Counts the bytes that this connection holds until more arrive.
    ///
    /// - Throws: ``WireError`` where the peer is no member and may not hold that many.
    func countHeld() throws(WireError) {
        let held = decoder.heldBytes
        guard held != charge.counted else { return }
        let isMember = established?.state.withLock { $0.isMember } ?? false
        guard !charge.count(held, isMember: isMember, in: remoting.inboundBudget) else { return }
        remoting.system.inspector.lose(
            .bufferFull, .control, target: remoting.system.address.description, type: "unfinished frame")
        throw WireError(.tooLarge, "\(held) bytes of unfinished frames and of names are too many beside all others")
    }

    /// How many bytes a node that is no member sends before it is read in large pieces too.
    private static let much: UInt64 = 1 << 20

    /// Reads in large pieces what a member sends, or a node that has shown that it sends much.
    func readLargePiecesOfNode(_ connection: any Connection) {
        guard !readsLargePieces, let association = established,
            bytesIn.load(ordering: .relaxed) > Self.much || association.state.withLock({ $0.isMember })
        else { return }
        readsLargePieces = true
        connection.readLargePieces()
    }

    /// Reads nothing more from a peer that is no node as long as too many answers wait for it: it reads them first, or
    /// the keep-alive ends the connection.
    func holdReading(_ connection: any Connection) {
        guard !holdsReading, let association = established, !isProbeConnection,
            association.state.withLock({ $0.isBehind(self, isHeld: false) })
        else { return }
        holdsReading = true
        connection.holdReading(true)
    }
}

import CastyActors
import CastySerialization
import NIOCore
import Synchronization

/// What a route resolves at its first message, and the buffer that it encodes into.
///
/// It is not generic over the message type: otherwise the types of its parts would be looked up for each message.
final class RouteState: @unchecked Sendable {
    /// Set once and kept. Not an `AtomicLazyReference`, whose functions are not specialised: each use would look up
    /// metadata.
    private let prepared = Atomic<Unmanaged<ResolvedRoute>?>(nil)
    private let isTaken = Atomic<Bool>(false)
    /// Belongs to the sender that has taken it. A second sender at the same time uses one of its own.
    @exclusivity(unchecked) var scratch = RouteScratch()

    /// The most memory that the buffer keeps for the next message.
    private static let keptBytes = 64 * 1024

    var resolved: ResolvedRoute? { prepared.load(ordering: .acquiring)?.takeUnretainedValue() }

    /// Sets it, unless another sender was first; returns the one that counts.
    func resolve(_ route: ResolvedRoute) -> ResolvedRoute {
        let mine = Unmanaged.passRetained(route)
        let (isMine, first) = prepared.compareExchange(
            expected: nil, desired: mine, ordering: .acquiringAndReleasing)
        guard !isMine, let first else { return route }
        mine.release()
        return first.takeUnretainedValue()
    }

    deinit { prepared.load(ordering: .acquiring)?.release() }

    /// Takes the scratch, unless another sender has it.
    func take() -> Bool {
        guard !isTaken.exchange(true, ordering: .acquiring) else { return false }
        scratch.buffer.clear(minimumCapacity: 0)
        return true
    }

    func leave() {
        if scratch.buffer.capacity > Self.keptBytes { scratch.buffer = ByteBuffer() }
        isTaken.store(false, ordering: .releasing)
    }
}

struct RouteScratch {
    var buffer = ByteBuffer()
    /// The context for the encoders, and the note in it. Created when the first message is encoded, and never for a
    /// reply.
    var context: CodingContext?
    var note: AskerNote?
}

/// What a route resolves at its first message; constant afterwards.
final class ResolvedRoute: Sendable {
    let registered: AnyRegisteredType
    let destination: Destination
    let association: Association
    /// Whether each message states its loss class itself.
    let isClassified: Bool

    init(registered: AnyRegisteredType, destination: Destination, association: Association, isClassified: Bool) {
        self.registered = registered
        self.destination = destination
        self.association = association
        self.isClassified = isClassified
    }
}

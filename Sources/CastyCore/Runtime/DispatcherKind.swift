/// Which threads of a node take an actor's turns.
///
/// In the simulated runtime all of them are one queue.
public struct DispatcherKind: Hashable, Sendable {
    @usableFromInline package let rawValue: UInt8

    @inlinable
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The workers, as many as cores: for handlers that return soon.
    ///
    /// A handler that blocks one for longer than some 20 ms is replaced by a spare worker meanwhile, so that other actors
    /// are late by not much more than that.
    ///
    /// An actor whose turns have all been short may also run on the thread that reads its node's messages from other
    /// nodes. So a handler MUST NOT wait for something that arrives from another node: it belongs to ``blocking``, or
    /// waits asynchronously.
    public static let standard = DispatcherKind(rawValue: 0)
    /// Threads for handlers that block: one for each actor that has a turn, up to 256 on a node. Idle ones end.
    public static let blocking = DispatcherKind(rawValue: 1)
    /// The runtime's own threads, which users' handlers never occupy: membership, remoting, observation.
    @usableFromInline package static let control = DispatcherKind(rawValue: 2)
}

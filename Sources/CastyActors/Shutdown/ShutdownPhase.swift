/// The steps in which a node ends in order, first to last. Each begins when the one before it is over.
public enum ShutdownPhase: UInt8, Hashable, Sendable, CaseIterable, Comparable {
    /// Take no more requests: unregister, close the doors.
    case stopAccepting
    /// Finish what was accepted.
    case finishWork
    /// The last work as a member: actors run, and entities and singletons are still here.
    case beforeLeave
    /// The node is no longer a member, or never was one. Users' actors still run; they stop after this.
    case beforeActorsStop

    /// The earlier phase is the smaller.
    public static func < (left: ShutdownPhase, right: ShutdownPhase) -> Bool { left.rawValue < right.rawValue }

    /// The phases of a member before it leaves.
    package static let leaving: [ShutdownPhase] = [.stopAccepting, .finishWork, .beforeLeave]
}

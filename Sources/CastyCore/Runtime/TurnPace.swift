/// What is known about the length of a runnable's turns: whether a thread that reads from the network may run one
/// itself.
///
/// A turn counts as short below ``shortTurn``. A runnable qualifies by seven short turns in a row on the workers, after
/// a reading thread has woken it for the first time. One that takes longer starts again; one that takes longer than
/// ``blockingTurn`` needs more than a hundred short turns, because such a runnable blocks at times.
public struct TurnPace: RawRepresentable, Hashable, Sendable {
    /// The state as a number: 0 unknown, 1…7 measured, 8 short, 128…255 has blocked.
    public let rawValue: UInt8

    /// Creates a state from its number.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// No reading thread has woken it.
    public static let unknown = TurnPace(rawValue: 0)
    /// Its turns on the workers are being measured.
    public static let measured = TurnPace(rawValue: 1)
    /// Its turns are short.
    public static let short = TurnPace(rawValue: 8)
    /// A turn has blocked its thread.
    public static let blocked = TurnPace(rawValue: 128)

    /// The limit for a short turn, in nanoseconds.
    package static let shortTurn: Int64 = 100_000
    /// A longer turn counts as one that blocks, in nanoseconds.
    package static let blockingTurn: Int64 = 1_000_000

    /// Whether the length of its next turn on a worker counts.
    @inlinable
    package var isMeasured: Bool { rawValue != 0 && rawValue != 8 }

    /// The state after a turn of that many nanoseconds.
    package func after(turnOf nanoseconds: Int64) -> TurnPace {
        if nanoseconds >= Self.blockingTurn { return .blocked }
        guard nanoseconds < Self.shortTurn else { return rawValue >= 128 ? .blocked : .measured }
        switch rawValue {
        case 0: return .unknown
        case 1..<8: return TurnPace(rawValue: rawValue + 1)
        case 255: return .measured
        case 128...: return TurnPace(rawValue: rawValue + 1)
        default: return .short
        }
    }
}

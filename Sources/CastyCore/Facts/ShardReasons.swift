/// Why a shard got a home.
public enum AllocationReason: UInt8, Hashable, Sendable, Codable {
    case asked, ownerRemoved, ownerStopped, handoff, ownerRefused
}

/// Why a shard is moved.
public enum MoveReason: UInt8, Hashable, Sendable, Codable {
    case rebalance, leaving, drain, command, pin, recovered
}

/// How a handoff ended.
public enum HandoffOutcome: UInt8, Hashable, Sendable, Codable {
    case done, ownerRemoved
    /// The old home did not stop the shard in time; it stays there.
    case timedOut
}

/// Why remembered entities cannot be recorded at present.
public struct StoreTrouble: Hashable, Sendable, Codable {
    /// Whether they cannot be read; otherwise they cannot be written.
    public let isReading: Bool
    /// The store's own message; `nil` if it gave none.
    public let error: String?

    /// Creates the description of a refusal.
    public init(isReading: Bool, error: String?) {
        self.isReading = isReading
        self.error = error
    }
}

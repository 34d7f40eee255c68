/// What one connection has taken of the bytes that all connections with non-members may hold.
struct InboundCharge: Sendable {
    /// The number of bytes that was counted last.
    private(set) var counted = 0
    private var taken = 0

    /// Counts what the connection holds now.
    ///
    /// - Parameter isMember: Whether the peer is a member, whose bytes are bounded by the limits of a connection.
    /// - Returns: Whether it may hold that many bytes.
    mutating func count(_ bytes: Int, isMember: Bool, in budget: ByteBudget) -> Bool {
        counted = bytes
        let due = isMember ? 0 : bytes
        if due > taken {
            guard budget.take(due - taken, holding: taken) else { return false }
        } else {
            budget.giveBack(taken - due)
        }
        taken = due
        return true
    }

    /// The connection has ended.
    mutating func end(in budget: ByteBudget) {
        budget.giveBack(taken)
        (counted, taken) = (0, 0)
    }
}

import Synchronization

/// A number of bytes that many holders share.
///
/// A holder may have at most as many as are left, so that those that hold much leave something for each one that comes:
/// of *n* that take what they can, each has one part in *n* + 1. This is the dynamic threshold of Choudhury and Hahne,
/// *Dynamic Queue Length Thresholds for Shared-Memory Packet Switches* (1998), with α = 1.
final class ByteBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Takes bytes out of the budget, if the holder may have that many.
    ///
    /// - Parameter own: The bytes that the holder has already.
    func take(_ bytes: Int, holding own: Int) -> Bool {
        guard own + bytes <= left else { return false }
        let now = used.wrappingAdd(bytes, ordering: .relaxed).newValue
        if now <= limit { return true }
        used.wrappingSubtract(bytes, ordering: .relaxed)
        return false
    }

    /// Takes bytes for what cannot be refused.
    func force(_ bytes: Int) { used.wrappingAdd(bytes, ordering: .relaxed) }

    func giveBack(_ bytes: Int) { used.wrappingSubtract(bytes, ordering: .relaxed) }

    /// How many bytes are taken.
    var taken: Int { used.load(ordering: .relaxed) }

    /// How many bytes are not taken.
    var left: Int { limit - taken }
}

/// What a load does to a cluster.
package struct LoadSettings: Sendable, Hashable {
    /// Requests a second.
    package var rate = 500
    /// Entities are `TYPE-1` to `TYPE-N`.
    package var entities = 100
    package var type = "account"
    /// For how long.
    package var duration = Duration.seconds(60)
    /// Whether the books are kept.
    package var checks = false
    /// How long a request may take before its outcome counts as unknown.
    package var patience = Duration.seconds(5)
    /// How long the balances may take to be read at the beginning, and again at the end.
    package var settling = Duration.seconds(60)
    /// How many requests to one entity may be open: enough that they overlap, few enough that an entity without a home is not flooded.
    package var overlap = 4

    package init() {}

    /// What a deposit of 1 is called.
    var deposit: String { type == "counter" ? "add 1" : "deposit 1" }
    /// What reading is called.
    var read: String { type == "counter" ? "get" : "balance" }

    func entity(_ index: Int) -> String { "\(type)-\(index + 1)" }
}

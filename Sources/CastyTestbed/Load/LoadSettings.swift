/// The settings of a load.
package struct LoadSettings: Sendable, Hashable {
    /// Requests a second.
    package var rate = 500
    /// Entities are `TYPE-1` to `TYPE-N`.
    package var entities = 100
    package var type = "account"
    /// The duration of the load.
    package var duration = Duration.seconds(60)
    /// Whether the load checks replies against a ledger of each entity.
    package var checks = false
    /// How long a request may take before its outcome counts as unknown.
    package var patience = Duration.seconds(5)
    /// The time limit for reading the balances at the beginning, and again at the end.
    package var settling = Duration.seconds(60)
    /// The most open requests to one entity: enough that they overlap, few enough that an entity without a home is not
    /// flooded.
    package var overlap = 4

    package init() {}

    /// The command for a deposit of 1.
    var deposit: String { type == "counter" ? "add 1" : "deposit 1" }
    /// The command for a read.
    var read: String { type == "counter" ? "get" : "balance" }

    func entity(_ index: Int) -> String { "\(type)-\(index + 1)" }
}

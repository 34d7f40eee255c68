/// Chance: one of the borders between the two worlds.
package protocol RandomSource: Sendable {
    /// The stream that this node's part of that name draws from.
    ///
    /// In the simulated world it follows from the seed, the node and the name; in the live world every call starts a new one.
    func stream(_ name: String) -> SeededGenerator
}

/// Randomness: one of the interfaces that the live and the simulated runtime implement.
package protocol RandomSource: Sendable {
    /// The random stream of the named component of this node.
    ///
    /// In the simulated runtime the stream follows from the seed, the node and the name; in the live runtime every call
    /// starts a new one.
    func stream(_ name: String) -> SeededGenerator
}

package import CastyCore

/// The random source of one simulated node. The stream for each name follows from the seed, the node and its start
/// count.
package struct SimulatedRandom: RandomSource {
    let root: SeededGenerator

    package func stream(_ name: String) -> SeededGenerator { root.fork(name) }
}

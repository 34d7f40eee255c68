package import CastyCore

/// The chance of one simulated node: every name has a stream that follows from the seed, the node and its start.
package struct SimulatedRandom: RandomSource {
    let root: SeededGenerator

    package func stream(_ name: String) -> SeededGenerator { root.fork(name) }
}

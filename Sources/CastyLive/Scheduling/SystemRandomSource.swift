package import CastyCore

/// The live runtime's source of randomness: streams seeded by the operating system.
package struct SystemRandomSource: RandomSource {
    package init() {}

    package func stream(_ name: String) -> SeededGenerator {
        var system = SystemRandomNumberGenerator()
        return SeededGenerator(seed: system.next())
    }
}

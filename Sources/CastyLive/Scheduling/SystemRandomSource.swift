package import CastyCore

/// The live world's chance: streams seeded by the operating system.
package struct SystemRandomSource: RandomSource {
    package init() {}

    package func stream(_ name: String) -> SeededGenerator {
        var system = SystemRandomNumberGenerator()
        return SeededGenerator(seed: system.next())
    }
}

import CastyPrimitives
import CastySimulation
import Testing

@Suite("A simulated world")
struct WorldTests {
    @Test("starts at zero and moves to the deadline when nothing happens")
    func empty() {
        let world = SimulatedWorld(seed: 1)
        #expect(world.now == .start)
        #expect(world.run(until: .start + .seconds(3)) == .deadline)
        #expect(world.now == .start + .seconds(3))
        #expect(!world.step())
    }
}

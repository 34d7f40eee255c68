import CastyActors
import CastyRemoting
import CastySimulator
import Testing

@Suite(.timeLimit(.minutes(10)))
struct SimulatedStoryTests {
    static let seeds = Array(UInt64(1)...40)

    @Test("Messages to an actor of another node arrive there, once and in order", arguments: seeds)
    func tell(seed: UInt64) async throws { try await simulated(seed, Stories.tellCrossesNodes) }

    @Test("A reference that travelled leads back", arguments: seeds)
    func reply(seed: UInt64) async throws { try await simulated(seed, Stories.replyTravelsBack) }

    @Test("Two nodes that dial each other at once end up with one association", arguments: seeds)
    func simultaneous(seed: UInt64) async throws { try await simulated(seed, Stories.bothDialAtOnce) }

    @Test("A probe connection is answered where it came from", arguments: seeds)
    func probeConnection(seed: UInt64) async throws { try await simulated(seed, Stories.probeConnectionsAreAnswered) }

    @Test("A watcher of another node's actor hears of its end once", arguments: seeds)
    func watch(seed: UInt64) async throws { try await simulated(seed, Stories.watchersHearOfTheEnd) }

    @Test("A restarted node gets nothing that was meant for the process before", arguments: seeds)
    func restart(seed: UInt64) async throws { try await simulated(seed, Stories.successorGetsNothingOfTheFormer) }

    @Test("A system that ends first flushes what waits", arguments: seeds)
    func flush(seed: UInt64) async throws { try await simulated(seed, Stories.endFlushesWhatWaits) }

    private func simulated(_ seed: UInt64, _ story: (SimulatedTestWorld) async throws -> Void) async throws {
        let world = SimulatedTestWorld(seed: seed)
        world.world.network.changeAll { profile in
            profile.jitter = .microseconds(400)
            profile.splitting = 0.3
        }
        try await story(world)
        #expect(world.world.foreignCallCount == 0)
        await world.end()
    }
}

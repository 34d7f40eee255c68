import CastyActors
import CastyRemoting
import Testing

/// A handful of stories over real TCP; the same bodies run simulated over many seeds.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct LiveStoryTests {
    @Test("Over TCP, messages to an actor of another node arrive there, once and in order")
    func tell() async throws { try await live(Stories.tellCrossesNodes) }

    @Test("Over TCP, a reference that travelled leads back")
    func reply() async throws { try await live(Stories.replyTravelsBack) }

    @Test("Over TCP, two nodes that dial each other at once end up with one association")
    func simultaneous() async throws { try await live(Stories.bothDialAtOnce) }

    @Test("Over TCP, a probe connection is answered where it came from")
    func probeConnection() async throws { try await live(Stories.probeConnectionsAreAnswered) }

    @Test("Over TCP, a watcher of an actor of another node gets Terminated once")
    func watch() async throws { try await live(Stories.watchersHearOfTheEnd) }

    @Test("Over TCP, a restarted node gets nothing that was meant for the process before")
    func restart() async throws { try await live(Stories.successorGetsNothingOfTheFormer) }

    @Test("Over TCP, a system that ends first flushes what waits")
    func flush() async throws { try await live(Stories.endFlushesWhatWaits) }

    private func live(_ story: (LiveTestWorld) async throws -> Void) async throws {
        let world = try await LiveTestWorld()
        do {
            try await story(world)
        } catch {
            await world.end()
            throw error
        }
        await world.end()
    }
}

import CastyCore
import CastyInvariants
import CastyMembership
import CastyPlacement
import CastyRemoting
import CastyTestbed
import Testing

/// Each bug of remoting that can be switched on must be caught by the rule that is there for it.
@Suite("Mutation of remoting")
struct RemotingMutationTests {
    private static let narrow = """
        nodes 2
        shards 2
        expect members n1,n2 up within 20s
        load 50/s over 20 entities for 1s
        wait 2s
        fault bandwidth n1 n2 limit 4000
        load 2000/s over 20 entities for 10s
        wait 12s
        """
    private static let gone = """
        seeds n1,n2
        nodes 3
        expect members n1,n2,n3 up within 20s
        wait 3s
        kill n3
        wait 670s
        """

    @Test(
        "with both lanes on one connection, user messages on a narrow link make a member unreachable, which breaks R6",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"))
    func mixedLanes() throws {
        // A call on a connection of its own would still find the member alive.
        let mixed = try StoryRun(Self.narrow) {
            $0.remoting.mixesLanes = true
            $0.membership.mutations = [.neverOpensProbeConnections]
        }
        #expect(mixed.broken.contains("R6"), "\(mixed.complaints)")
        let sound = try StoryRun(Self.narrow) { $0.membership.mutations = [.neverOpensProbeConnections] }
        #expect(sound.broken == [])
        #expect(sound.result.exercised.contains("R6"))
    }

    @Test("an association that outlives its peer breaks R8")
    func keptAssociations() throws {
        #expect(try StoryRun(Self.gone) { $0.remoting.associationIdle = .seconds(3600) }.broken.contains("R8"))
        let sound = try StoryRun(Self.gone)
        #expect(sound.broken == [])
        #expect(sound.result.exercised.contains("R8"))
    }
}

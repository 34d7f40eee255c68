import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed
import Testing

@Suite("Unknown peers")
struct UnknownPeerStoryTests {
    /// n2 and n1 are let in, one by the other, on a side that is gone when the cut is healed.
    static let story = """
        nodes 5
        wait 12s
        kill n2
        wait 1300ms
        cut n3,n4,n5 | n1,n2
        wait 900ms
        restart n2
        wait 1500ms
        kill n1
        wait 600ms
        restart n1
        wait 3s
        expect members n3,n4,n5 up on n3,n4,n5
        heal

        """

    @Test(
        "nodes that were admitted by members that are gone stop, and are admitted again by the present ones",
        arguments: 1...3)
    func again(seed: UInt64) throws {
        let text =
            Self.story + """
                expect stopped n1 within 12s
                expect stopped n2 within 12s
                restart n1
                restart n2
                expect members n1,n2,n3,n4,n5 up within 10s
                expect converged within 5s
                wait 20s
                """
        let scenario = try Scenario.parse(text, file: "unknown-peers.casty")
        let result = ScenarioRunner(scenario, options: RunOptions(seed: seed), checkers: .all).run()
        #expect(result.status == .passed, "casty run unknown-peers.casty --seed \(seed): \(result)")
    }
}

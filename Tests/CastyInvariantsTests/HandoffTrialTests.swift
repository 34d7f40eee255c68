import CastyInvariants
import CastyPlacement
import CastyTestbed
import Testing

@Suite("Handoffs under load")
struct HandoffTrialTests {
    @Test("shards that move in every way there is lose, double and reorder nothing")
    func lossless() throws {
        var trial = HandoffTrial(handoffs: 100)
        trial.nodes = 3
        trial.shards = 24
        trial.perSecond = 50
        let outcome = try trial.run()
        #expect(outcome.violations == [])
        #expect(outcome.lost == 0)
        #expect(outcome.timedOut == 0)
        #expect(outcome.handled == outcome.sent)
        #expect(outcome.handoffs >= 100)
    }

    @Test(
        "whichever node crashes during a handoff or a fail-over, all shards serve again in time and no rule is broken",
        arguments: CrashPoints.Story.allCases)
    func crashes(_ story: CrashPoints.Story) throws {
        let crashes = try CrashPoints(story)
        // A step of its own for each node; every step of all nodes is `casty explore --crash-points`.
        let stride = max(1, crashes.steps / 3)
        for (index, node) in crashes.nodes.enumerated() {
            let step = stride * index
            let point = CrashPoints.Point(story: story, node: node, step: step)
            let outcome = try crashes.run(point)
            #expect(
                outcome.problems == [],
                "casty explore --crash-points --point \(story.rawValue)/\(node)/\(step)")
        }
    }
}

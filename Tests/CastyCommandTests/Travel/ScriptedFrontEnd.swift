import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed

@testable import CastyCommand

/// A front end without a screen, on the run's own thread: it makes requests in batches, each as soon as the run has
/// nothing left to do, and remembers the answers.
final class ScriptedFrontEnd: RunFrontEnd, @unchecked Sendable {
    // The run and its front end share one thread.
    let mode = ConsoleMode.simulated(seed: 1)
    private var batches: [[String]]
    private var requests: [ConsoleRequest] = []
    private var clock = Instant.start
    private(set) var ends = false
    private(set) var messages: [ConsoleMessage] = []
    private(set) var snapshot = ClusterSnapshot(time: .start, version: 0, nodes: [])
    private(set) var watches: [WatchStatus] = []
    /// The time that was shown at the end of each batch.
    private(set) var times: [Instant] = []

    /// Whether the run goes on elsewhere after the last batch.
    let isReplaced: Bool

    private init(_ batches: [[String]], isReplaced: Bool) {
        self.batches = batches
        self.isReplaced = isReplaced
    }

    /// Lets a paused run carry out lines.
    ///
    /// - Parameter keepsRun: Whether its testbed goes on.
    static func run(
        nodes: Int = 3, keepsRun: Bool = false, _ batches: [String]...
    ) throws -> (ScriptedFrontEnd, ConsoleRun) {
        var settings = TestClusterSettings()
        settings.nodes = nodes
        let plan = ConsolePlan(settings: settings, nodes: nodes, seed: 1, beginsAt: .start + .milliseconds(10))
        let frontEnd = ScriptedFrontEnd(batches, isReplaced: keepsRun)
        let run = try ConsoleRun(plan, clock: ConsoleClock { frontEnd.clock })
        run.loop(frontEnd)
        if keepsRun { run.endsEarly = { false } }
        return (frontEnd, run)
    }

    var isAsked: Bool { ends || !requests.isEmpty }
    var waitingRequests: [ConsoleRequest] { requests }
    var observesMessages: Bool { false }

    func takeRequest() -> ConsoleRequest? { requests.isEmpty ? nil : requests.removeFirst() }
    func takePreviewed() -> [String] { [] }

    func wait(atMost limit: Duration?) -> Bool {
        clock = clock + .milliseconds(40)
        guard limit == nil else { return false }
        if !snapshot.nodes.isEmpty { times.append(snapshot.time) }
        if batches.isEmpty {
            ends = true
        } else {
            requests = batches.removeFirst().compactMap { ConsoleRequest(line: $0) }
        }
        return true
    }

    func publish(
        _ snapshot: ClusterSnapshot, _ recorder: Recorder, isScriptDone: Bool, caption: Caption?,
        watches: [WatchStatus], past: RecentPast?
    ) { (self.snapshot, self.watches) = (snapshot, watches) }

    func show(_ progress: RunProgress?) {}
    func say(_ kind: ConsoleMessage.Kind, _ text: String) { messages.append(ConsoleMessage(kind, text)) }
    func finish() {}

    /// How many messages contain a text.
    func count(_ text: String) -> Int { messages.filter { $0.text.contains(text) }.count }
}

import CastyConsole
import CastyCore
import CastyObservability
import CastyTestbed

/// What a run shows itself to, and takes its requests from: the console in the same process, or at the other end of a
/// channel.
protocol RunFrontEnd: AnyObject, Sendable {
    var mode: ConsoleMode { get }
    /// Whether the run has to end.
    var ends: Bool { get }
    /// Whether the run has to end because a copy of it goes on in its place.
    var isReplaced: Bool { get }
    /// Whether the screen waits for something.
    var isAsked: Bool { get }

    /// The requests that wait, in their order; they stay.
    var waitingRequests: [ConsoleRequest] { get }
    /// The next request, in their order.
    func takeRequest() -> ConsoleRequest?
    /// The nodes for which the user previews a cut; the preview counts as answered from now on.
    func takePreviewed() -> [String]
    /// Whether the user looks at the messages between the nodes.
    var observesMessages: Bool { get }
    /// Sleeps until there may be something to do, at most for a time.
    ///
    /// - Returns: Whether something woke it.
    func wait(atMost limit: Duration?) -> Bool

    /// - Parameter past: What was before the snapshot, if the run has jumped.
    func publish(
        _ snapshot: ClusterSnapshot, _ recorder: Recorder, isScriptDone: Bool, caption: Caption?,
        watches: [WatchStatus], past: RecentPast?)
    /// Says how far a long run to another time is; `nil` once it is there.
    func show(_ progress: RunProgress?)
    func say(_ kind: ConsoleMessage.Kind, _ text: String)

    /// Makes a checkpoint of the whole run if it is time for one.
    ///
    /// - Returns: `nil`, unless this is the checkpoint that comes alive for a jump, perhaps much later.
    func checkpoint(at now: Instant, commands: Int) -> TimeJump?
    /// Whether a checkpoint comes alive for a jump and replaces this run, which then has to end.
    func jumps(_ jump: TimeJump, from now: Instant) -> Bool
    /// Discards the checkpoints that are not of this run any more: it takes another course after this number of
    /// commands and events.
    func branched(at now: Instant, commands: Int, events: Int)

    /// Makes a copy of the run for each future of a hypothesis.
    ///
    /// - Returns: In a copy, which future it is; it must end soon. In the run itself `nil`.
    func imagine(_ hypothesis: Hypothesis) -> Int?
    /// In a copy: says how far it is.
    func report(_ now: Instant, of index: Int)
    /// In a copy: says what came of it, and ends the process.
    func end(_ index: Int, with outcome: FutureOutcome)
    /// In a copy: says why it has no future, and ends the process.
    func end(_ index: Int, refused reason: String)

    /// Says that the run has ended.
    func finish()
}

/// A request to show a run at another time.
struct TimeJump: Hashable, Sendable, Codable {
    let target: Instant
    /// The user's commands up to now, and those that time was turned back behind: each is repeated at its time.
    let commands: [RecordedLine]
    /// Virtual seconds per real second.
    let speed: Double
    /// Whether the run is paused from then on.
    let paused: Bool
    /// Whether the messages between the nodes are shown.
    let observesMessages: Bool
    /// What is watched, and how far.
    let watches: [ActiveWatch]
    /// How many comparisons of futures there were.
    let comparisons: Int
}

/// A command of the user as a line of the scenario language, with its time.
struct RecordedLine: Hashable, Sendable, Codable {
    let at: Instant
    let line: String
    let role: CommandRole
}

/// How far a run to another time is.
struct RunProgress: Hashable, Sendable, Codable {
    let from: Instant
    let now: Instant
    let target: Instant
    let isRewinding: Bool
    /// What the run waits for.
    var awaited: String?

    /// A line for the screen: `rewinding to 37.5… 40 %`.
    var text: String {
        if let awaited {
            return "\(awaited)… \(Words.moment(now)), at most to \(Words.moment(target)) · {escape} ends it"
        }
        let span = (target - from).inSeconds
        let share = span > 0 ? Int((now - from).inSeconds / span * 100) : 100
        return "\(isRewinding ? "rewinding" : "running") to \(Words.moment(target))… \(share) % · {escape} ends it"
    }
}

extension RunFrontEnd {
    var isReplaced: Bool { false }

    func checkpoint(at now: Instant, commands: Int) -> TimeJump? { nil }

    func jumps(_ jump: TimeJump, from now: Instant) -> Bool { false }

    func branched(at now: Instant, commands: Int, events: Int) {}

    func imagine(_ hypothesis: Hypothesis) -> Int? {
        say(.refused, "what-if: this run is in the console's own process, which cannot be copied")
        return nil
    }

    func report(_ now: Instant, of index: Int) {}

    func end(_ index: Int, with outcome: FutureOutcome) {}

    func end(_ index: Int, refused reason: String) {}
}

/// A console's backend with a run behind it.
protocol RunBackend: ConsoleBackend {
    /// Whether the whole script was carried out.
    var isScriptDone: Bool { get }

    /// Ends the run, and returns after it has ended.
    func close()
}

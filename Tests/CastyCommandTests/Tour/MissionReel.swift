import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed
import Synchronization

@testable import CastyCommand

/// Plays a mission of the tour on the caller's thread and on a clock of its own, and draws it in several sizes: each
/// picture depends on nothing else.
///
/// The run waits at each of its captions. There the reel takes the pictures that are asked for, and lets it go on.
final class MissionReel: RunBackend, RunFrontEnd, @unchecked Sendable {
    // All calls come from the thread that plays it.

    /// A moment to be drawn: at which caption, counted from 1, and after which keys.
    struct Moment: Hashable {
        var caption: Int
        var keys: [Key] = []
    }

    /// A picture and where it is from.
    struct Picture {
        var caption: Int
        var width: Int
        var text: String
    }

    static let sizes = [(80, 24), (120, 40), (200, 60)]
    /// Virtual seconds per second of the clock: a picture each 160 ms is enough for the curves.
    private static let speed = 4.0
    /// The most turns of a mission, so that one that hangs ends.
    private static let mostTurns = 20_000

    let mode: ConsoleMode
    let title: String
    private let moments: [Moment]
    private(set) var pictures: [Picture] = []
    /// How many captions have waited.
    private(set) var captions = 0
    private let time: ManualTime
    private var frames: [Frame] = []
    private var requests: [ConsoleRequest] = []
    private var snapshot = ClusterSnapshot(time: .start, version: 0, nodes: [])
    private var recorder: Recorder?
    private(set) var caption: Caption?
    private(set) var isScriptDone = false
    private(set) var refusals: [String] = []
    private var said: [ConsoleMessage] = []
    private var previewed: [String] = []
    private(set) var observesMessages = false
    private(set) var turns = 0
    private var past: RecentPast?

    /// A clock that stands still until the run sleeps.
    private final class ManualTime: Sendable {
        private let elapsed = Mutex(Duration.zero)

        var now: Instant { .start + elapsed.withLock { $0 } }

        func pass(_ span: Duration) { elapsed.withLock { $0 = $0 + span } }
    }

    private init(_ plan: ConsolePlan, _ moments: [Moment], _ time: ManualTime) {
        mode = .simulated(seed: plan.seed ?? 1)
        title = plan.settings.cluster
        self.moments = moments
        self.time = time
    }

    /// Plays a mission to its end.
    static func play(_ mission: Mission, drawing moments: [Moment]) throws -> MissionReel {
        var plan = try mission.plan(pausing: true)
        plan.speed = speed
        let time = ManualTime()
        let reel = MissionReel(plan, moments, time)
        let run = try ConsoleRun(plan, clock: ConsoleClock { time.now })
        reel.frames = sizes.map { Frame(of: reel, width: $0.0, height: $0.1, options: ConsoleOptions()) }
        run.loop(reel)
        // A frame holds its backend.
        reel.frames = []
        return reel
    }

    private func draw() {
        guard let moment = moments.first(where: { $0.caption == captions }) else { return }
        for (index, size) in Self.sizes.enumerated() {
            var frame = frames[index]
            for key in moment.keys { frame.press(key) }
            frame.look()
            pictures.append(Picture(caption: captions, width: size.0, text: frame.picture.plainText()))
        }
    }

    // MARK: - What the screen asks

    func takePast() -> RecentPast? { past }

    func latest() -> ClusterSnapshot { snapshot }

    func events(after cursor: UInt64) -> EventPage {
        let events = recorder?.events(from: Int(clamping: cursor)) ?? []
        return EventPage(events: events, next: cursor + UInt64(events.count))
    }

    func messages(after cursor: UInt64) -> MessagePage {
        MessagePage(messages: Array(said.dropFirst(Int(clamping: cursor))), next: UInt64(said.count))
    }

    func whenChanged(_ wake: @escaping @Sendable () -> Void) {}

    func submit(_ request: ConsoleRequest) { requests.append(request) }

    func previewPartition(cut nodes: [String]) { previewed = nodes }

    func observeMessages(_ observes: Bool) { observesMessages = observes }

    func close() {}

    // MARK: - What the run asks

    var ends: Bool { isScriptDone && caption?.waits == false || turns >= Self.mostTurns }

    var isAsked: Bool { ends || !requests.isEmpty }

    var waitingRequests: [ConsoleRequest] { requests }

    func takeRequest() -> ConsoleRequest? { requests.isEmpty ? nil : requests.removeFirst() }

    func takePreviewed() -> [String] { previewed }

    func wait(atMost limit: Duration?) -> Bool {
        turns += 1
        if let limit {
            time.pass(limit)
        } else {
            // Time stands still at a caption. The forecast for the cursor's node is in the picture since the last turn.
            captions += 1
            draw()
            submit(.control(.play))
        }
        return true
    }

    func publish(
        _ snapshot: ClusterSnapshot, _ recorder: Recorder, isScriptDone: Bool, caption: Caption?,
        watches: [WatchStatus], past: RecentPast?
    ) {
        (self.snapshot, self.recorder, self.isScriptDone, self.caption) = (snapshot, recorder, isScriptDone, caption)
        self.past = past
        for index in frames.indices { frames[index].look() }
    }

    func show(_ progress: RunProgress?) {}

    func say(_ kind: ConsoleMessage.Kind, _ text: String) {
        said.append(ConsoleMessage(kind, text))
        if kind == .refused { refusals.append(text) }
    }

    func finish() {}
}

import CastyConsole
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Foundation
import Synchronization

/// The console's testbed: runs it on its own thread, takes requests from the screen's thread, and publishes snapshots and
/// events.
final class TestClusterBackend: RunBackend, RunFrontEnd {
    private struct State {
        var requests: [ConsoleRequest] = []
        var snapshot: ClusterSnapshot
        var messages: [ConsoleMessage] = []
        var recorder: Recorder
        var previewed: [String] = []
        /// Whether a preview is wanted that no snapshot contains yet.
        var wantsPreview = false
        /// Whether the messages between the nodes are shown.
        var observesMessages = false
        var caption: Caption?
        var watches: [WatchStatus] = []
        var progress: String?
        var past: RecentPast?
        var ends = false
        var isScriptDone = false
    }

    let mode: ConsoleMode
    let title: String
    let recording: String?
    private let state: Mutex<State>
    private let changed = ChangeSignal()
    private let wakeup: Wakeup
    private let ended = DispatchSemaphore(value: 0)

    private init(mode: ConsoleMode, title: String, recording: String?, first: borrowing ConsoleRun) {
        wakeup = first.wakeup
        self.mode = mode
        self.title = title
        self.recording = recording
        state = Mutex(State(snapshot: first.snapshot, recorder: first.recorder))
    }

    /// Opens a testbed and starts its nodes.
    ///
    /// - Throws: ``TestClusterError`` if the nodes cannot be started.
    static func open(_ plan: ConsolePlan, clock: ConsoleClock) throws -> TestClusterBackend {
        let run = try ConsoleRun(plan, clock: clock)
        let backend = TestClusterBackend(
            mode: plan.seed.map { .simulated(seed: $0) } ?? .live, title: plan.settings.cluster,
            recording: plan.record, first: run)
        let box = RunBox(run)
        let thread = Thread { box.take().loop(backend) }
        thread.name = "testbed"
        thread.stackSize = 8 << 20
        thread.start()
        return backend
    }

    var caption: Caption? { state.withLock { $0.caption } }

    var progress: String? { state.withLock { $0.progress } }

    var watches: [WatchStatus] { state.withLock { $0.watches } }

    func takePast() -> RecentPast? {
        state.withLock { state in
            defer { state.past = nil }
            return state.past
        }
    }

    func latest() -> ClusterSnapshot { state.withLock { $0.snapshot } }

    func events(after cursor: UInt64) -> EventPage {
        let recorder = state.withLock { $0.recorder }
        let events = recorder.events(from: Int(clamping: cursor))
        // After time was turned back there are fewer events than were read; the remaining ones are the same.
        let next = events.isEmpty ? min(cursor, UInt64(recorder.count)) : cursor + UInt64(events.count)
        return EventPage(events: events, next: next)
    }

    func messages(after cursor: UInt64) -> MessagePage {
        state.withLock { state in
            let from = min(Int(clamping: cursor), state.messages.count)
            return MessagePage(messages: Array(state.messages[from...]), next: UInt64(state.messages.count))
        }
    }

    func whenChanged(_ wake: @escaping @Sendable () -> Void) { changed.listen(wake) }

    func previewPartition(cut nodes: [String]) {
        let isNew = state.withLock { state in
            guard state.previewed != nodes else { return false }
            (state.previewed, state.wantsPreview) = (nodes, true)
            return true
        }
        if isNew { wakeup.signal() }
    }

    func observeMessages(_ observes: Bool) {
        let isNew = state.withLock { state in
            guard state.observesMessages != observes else { return false }
            (state.observesMessages, state.wantsPreview) = (observes, true)
            return true
        }
        if isNew { wakeup.signal() }
    }

    func submit(_ request: ConsoleRequest) {
        state.withLock { $0.requests.append(request) }
        wakeup.signal()
    }

    /// Ends the testbed, and returns after its thread has ended.
    func close() {
        state.withLock { $0.ends = true }
        wakeup.signal()
        ended.wait()
    }

    // The following members are called by the testbed's thread.

    var waitingRequests: [ConsoleRequest] { state.withLock { $0.requests } }

    func takeRequest() -> ConsoleRequest? {
        state.withLock { $0.requests.isEmpty ? nil : $0.requests.removeFirst() }
    }

    /// The nodes for which the user previews a cut; the preview counts as answered from now on.
    func takePreviewed() -> [String] {
        state.withLock { state in
            state.wantsPreview = false
            return state.previewed
        }
    }

    /// Whether the user looks at the messages between the nodes.
    var observesMessages: Bool { state.withLock { $0.observesMessages } }

    /// Whether the screen waits for something.
    var isAsked: Bool { state.withLock { $0.ends || $0.wantsPreview || !$0.requests.isEmpty } }

    var ends: Bool { state.withLock { $0.ends } }

    /// Whether the whole script was carried out.
    var isScriptDone: Bool { state.withLock { $0.isScriptDone } }

    func publish(
        _ snapshot: ClusterSnapshot, _ recorder: Recorder, isScriptDone: Bool, caption: Caption?,
        watches: [WatchStatus], past: RecentPast?
    ) {
        let isNews = state.withLock { state in
            let isNews =
                state.snapshot != snapshot || state.isScriptDone != isScriptDone || state.caption != caption
                || state.watches != watches
            state.snapshot = snapshot
            state.recorder = recorder
            state.isScriptDone = isScriptDone
            state.caption = caption
            state.watches = watches
            if let past { state.past = past }
            return isNews
        }
        if isNews { changed.signal() }
    }

    func say(_ kind: ConsoleMessage.Kind, _ text: String) {
        state.withLock { $0.messages.append(ConsoleMessage(kind, text)) }
        changed.signal()
    }

    func show(_ progress: RunProgress?) {
        let isNews = state.withLock { state in
            let isNews = state.progress != progress?.text
            state.progress = progress?.text
            return isNews
        }
        if isNews { changed.signal() }
    }

    func wait(atMost limit: Duration?) -> Bool { wakeup.wait(atMost: limit) }

    func finish() { ended.signal() }
}

/// Passes a run to the thread that owns it from then on.
private final class RunBox: @unchecked Sendable {
    // The new thread takes it once; the thread that made it does not use it afterwards.
    private var run: ConsoleRun?

    init(_ run: consuming ConsoleRun) {
        self.run = run
    }

    func take() -> ConsoleRun {
        guard let taken = run else { preconditionFailure("a run is taken by one thread only") }
        run = nil
        return taken
    }
}

import CProcess
import CastyConsole
import CastyCore
import CastyObservability
import CastyTestbed
import Dispatch
import Foundation
import Synchronization

/// The console's end of a simulated run in a process of its own: takes requests from the screen's thread, and shows what
/// the run publishes. A thread of its own, the ``CheckpointKeeper``, talks to the processes.
final class ForkedBackend: RunBackend {
    private struct State {
        var requests: [ConsoleRequest] = []
        var previewed: [String]?
        var observesMessages = false
        var picture: WorkerPicture
        /// The latest time of the run's course.
        var furthest: Instant
        var past: RecentPast?
        /// The events of the run's course, also those later than the time that is shown.
        var events: [RuntimeEvent] = []
        var messages: [ConsoleMessage] = []
        var progress: RunProgress?
        var hypothesis: Hypothesis?
        var ends = false
    }

    let mode: ConsoleMode
    let title: String
    let recording: String?
    private let state: Mutex<State>
    private let changed = ChangeSignal()
    private let alarm: Int32
    private let ended = DispatchSemaphore(value: 0)

    private init(_ plan: ConsolePlan, first: WorkerPicture, alarm: Int32) {
        mode = plan.seed.map { .simulated(seed: $0) } ?? .live
        title = plan.settings.cluster
        recording = plan.record
        state = Mutex(State(picture: first, furthest: first.snapshot.time))
        self.alarm = alarm
    }

    /// Starts the process of a run.
    ///
    /// Call it before there are other threads: the child gets the calling one only.
    ///
    /// - Returns: `nil` if the system refuses a process or a descriptor.
    /// - Throws: ``TestClusterError`` if the nodes cannot be started.
    static func open(_ plan: ConsolePlan) throws -> ForkedBackend? {
        let alarm = cpr_alarm()
        guard alarm >= 0, let (mine, theirs) = Channel.pair() else { return nil }
        let log = cpr_log()
        let process = cpr_fork()
        if process == 0 {
            cpr_become_worker(theirs, log)
            Worker.run(plan, on: theirs)
        }
        _ = Glibc.close(theirs)
        guard process > 0 else { return nil }
        let channel = Channel(mine)
        let processes = WorkerProcesses(first: process, log: log)
        switch try? channel.receive(WorkerReport.self, waits: true) {
        case .ready(let picture)?:
            let backend = ForkedBackend(plan, first: picture, alarm: alarm)
            let start = KeeperBox(channel, processes)
            let thread = Thread { CheckpointKeeper(backend, alarm, start.channel, start.processes).loop() }
            thread.name = "checkpoints"
            thread.start()
            return backend
        case .failed(let text)?:
            processes.awaitEnd()
            throw TestClusterError(text)
        default:
            processes.awaitEnd()
            throw TestClusterError("the simulated world ended before it began\(processes.lastWords)")
        }
    }

    // MARK: - The screen's thread

    var caption: Caption? { state.withLock { $0.picture.caption } }

    var progress: String? { state.withLock { $0.progress?.text } }

    var watches: [WatchStatus] { state.withLock { $0.picture.watches } }

    var hypothesis: Hypothesis? { state.withLock { $0.hypothesis } }

    var furthest: Instant? { state.withLock { $0.furthest } }

    var isScriptDone: Bool { state.withLock { $0.picture.isScriptDone } }

    /// How many events there are, and their digest.
    var digest: (events: Int, value: UInt64) { state.withLock { ($0.picture.events, $0.picture.digest) } }

    func takePast() -> RecentPast? {
        state.withLock { state in
            defer { state.past = nil }
            return state.past
        }
    }

    func latest() -> ClusterSnapshot { state.withLock { $0.picture.snapshot } }

    func events(after cursor: UInt64) -> EventPage {
        state.withLock { state in
            let end = min(state.picture.events, state.events.count)
            let from = Int(clamping: cursor)
            // After time was turned back there are fewer events than were read; the remaining ones are the same.
            guard from < end else { return EventPage(events: [], next: UInt64(min(from, end))) }
            return EventPage(events: Array(state.events[from..<end]), next: UInt64(end))
        }
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
            state.previewed = nodes
            return true
        }
        if isNew { wake() }
    }

    func observeMessages(_ observes: Bool) {
        let isNew = state.withLock { state in
            guard state.observesMessages != observes else { return false }
            state.observesMessages = observes
            return true
        }
        if isNew { wake() }
    }

    func submit(_ request: ConsoleRequest) {
        state.withLock { $0.requests.append(request) }
        wake()
    }

    func close() {
        state.withLock { $0.ends = true }
        wake()
        ended.wait()
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(alarm, &one, 8)
    }

    // MARK: - The keeper's thread

    var ends: Bool { state.withLock { $0.ends } }

    var previewed: [String]? { state.withLock { $0.previewed } }

    var observesMessages: Bool { state.withLock { $0.observesMessages } }

    func takeRequests() -> [ConsoleRequest] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    func publish(_ picture: WorkerPicture, _ past: RecentPast?) {
        state.withLock { state in
            state.picture = picture
            state.furthest = max(state.furthest, picture.snapshot.time)
            if let past { state.past = past }
        }
        changed.signal()
    }

    /// Takes in events from an index on. Those that are known already have to be the same ones.
    ///
    /// - Returns: Whether the known ones are the same, and none is missing.
    func append(_ events: [RuntimeEvent], from index: Int) -> Bool {
        state.withLock { state in
            guard index >= 0, index <= state.events.count else { return false }
            let known = state.events[index...].prefix(events.count)
            state.events += events.dropFirst(known.count)
            return known.elementsEqual(events.prefix(known.count))
        }
    }

    /// Forgets the earlier course of the run: its events, and what was later than a time.
    func forget(from now: Instant, events index: Int) {
        state.withLock { state in
            state.furthest = now
            state.events.removeLast(max(0, state.events.count - max(0, index)))
        }
    }

    func show(_ progress: RunProgress?) {
        state.withLock { $0.progress = progress }
        changed.signal()
    }

    func compare(_ hypothesis: Hypothesis?) {
        state.withLock { $0.hypothesis = hypothesis }
        changed.signal()
    }

    func say(_ kind: ConsoleMessage.Kind, _ text: String) {
        state.withLock { $0.messages.append(ConsoleMessage(kind, text)) }
        changed.signal()
    }

    func finish() { ended.signal() }
}

/// Passes what the keeper starts with to its thread.
private final class KeeperBox: @unchecked Sendable {
    // Its maker does not use them afterwards.
    let channel: Channel
    let processes: WorkerProcesses

    init(_ channel: Channel, _ processes: WorkerProcesses) {
        self.channel = channel
        self.processes = processes
    }
}

import CProcess
import CastyConsole
import CastyCore
import CastyLive
import CastyObservability
import CastyTestbed
import Glibc

/// The front end of a simulated run in a process of its own, and all its checkpoints.
///
/// A checkpoint is a copy of the process, by fork(2), that sleeps at its channel until it is asked to come alive; then it
/// makes a copy of itself, which goes on as the run. All of them end when the console's ends of their channels close,
/// however the console ends. The process MUST NOT have a second thread: a copy has only the thread that made it.
final class Worker: RunFrontEnd, @unchecked Sendable {
    // The process has one thread.

    /// How far the run goes at least from one checkpoint to the next.
    static let spacing = Duration.seconds(2)
    /// The work after which a checkpoint is worth its price. A run that is idle needs fewer of them.
    private static let work = Duration.milliseconds(20)
    /// The longest part of a run without a checkpoint.
    private static let longest = Duration.seconds(15)
    private static let eventsAtOnce = 1000

    let mode: ConsoleMode
    private let clock = LiveClock()
    private var channel: Channel
    private var requests: [ConsoleRequest] = []
    /// How many requests the run has taken.
    private var taken = 0
    private var previewed: [String] = []
    private var wantsPreview = false
    private(set) var observesMessages = false
    private var hasEnded = false
    private(set) var isReplaced = false
    private var lastCheckpoint = Instant.start
    /// The processor time at the latest checkpoint.
    private var workBefore = Duration.zero
    private var hasFailed = false
    /// When a future said last how far it is.
    private var lastReport = Instant.start
    /// How many events the console knows.
    private var known = 0
    private var shown: WorkerPicture?

    private init(_ channel: Channel, _ mode: ConsoleMode) {
        self.channel = channel
        self.mode = mode
    }

    /// The whole run of the first worker and of all its copies.
    static func run(_ plan: ConsolePlan, on descriptor: Int32) -> Never {
        let worker = Worker(Channel(descriptor), plan.seed.map { .simulated(seed: $0) } ?? .live)
        do {
            let run = try ConsoleRun(plan, clock: .system)
            worker.report(
                .ready(
                    WorkerPicture(
                        snapshot: run.snapshot, isScriptDone: false, caption: nil, watches: [], served: 0, events: 0,
                        digest: run.recorder.digest)))
            let jump = worker.sleep(isFirst: true)
            run.loop(worker, from: jump)
        } catch {
            worker.report(.failed("\(error)"))
        }
        _exit(0)
    }

    // MARK: - Checkpoints

    func checkpoint(at now: Instant, commands: Int) -> TimeJump? {
        guard !hasEnded, isDue(at: now) else { return nil }
        (lastCheckpoint, workBefore) = (now, Self.processorTime)
        guard cpr_threads() == 1 else { return fail("the process has other threads") }
        guard let (mine, theirs) = Channel.pair() else { return fail("the system has no further descriptors") }
        let process = cpr_fork()
        if process == 0 {
            _ = close(theirs)
            replaceChannel(mine)
            return sleep(isFirst: false)
        }
        _ = close(mine)
        if process > 0 { report(.checkpoint(at: now, commands: commands), passing: theirs) }
        _ = close(theirs)
        return process > 0 ? nil : fail("the system refuses a further process")
    }

    private func isDue(at now: Instant) -> Bool {
        let span = now - lastCheckpoint
        guard span >= Self.spacing else { return false }
        return span >= Self.longest || Self.processorTime - workBefore >= Self.work
    }

    private func fail(_ reason: String) -> TimeJump? {
        if !hasFailed { report(.noCheckpoint(reason)) }
        hasFailed = true
        return nil
    }

    /// Sleeps until the console wants this checkpoint, and returns in a copy of it; ends with the console.
    private func sleep(isFirst: Bool) -> TimeJump? {
        while true {
            guard case .wake(let jump)? = try? channel.receive(WorkerOrder.self, waits: true) else {
                // The first worker inherits the children of all others.
                channel.close()
                if isFirst { cpr_await_children() }
                _exit(0)
            }
            guard let (mine, theirs) = Channel.pair() else {
                report(.refused("the system has no further descriptors"))
                continue
            }
            let process = cpr_fork()
            if process == 0 {
                _ = close(theirs)
                replaceChannel(mine)
                observesMessages = jump?.observesMessages ?? false
                return jump
            }
            _ = close(mine)
            if process > 0 {
                report(.awake, passing: theirs)
            } else {
                report(.refused("the system refuses a further process"))
            }
            _ = close(theirs)
        }
    }

    private func replaceChannel(_ descriptor: Int32) {
        channel.close()
        channel = Channel(descriptor)
        (requests, taken) = ([], 0)
        (shown, wantsPreview, hasFailed) = (nil, false, false)
        workBefore = Self.processorTime
    }

    func jumps(_ jump: TimeJump, from now: Instant) -> Bool {
        report(.jumps(jump, from: now, served: taken))
        while !hasEnded {
            guard let order = receive(waits: true) else { break }
            if case .stay = order { return false }
            take(order)
        }
        isReplaced = true
        return true
    }

    func branched(at now: Instant, commands: Int, events: Int) {
        report(.branched(at: now, commands: commands, events: events))
    }

    // MARK: - Futures

    func imagine(_ hypothesis: Hypothesis) -> Int? {
        guard cpr_threads() == 1 else { return fail(hypothesis, "the process has other threads") }
        for index in hypothesis.futures.indices {
            guard let (mine, theirs) = Channel.pair() else {
                return fail(hypothesis, "the system has no further descriptors")
            }
            let process = cpr_fork()
            if process == 0 {
                _ = close(theirs)
                replaceChannel(mine)
                return index
            }
            _ = close(mine)
            if process > 0 { report(.imagines(hypothesis, index), passing: theirs) }
            _ = close(theirs)
            if process < 0 { return fail(hypothesis, "the system refuses a further process") }
        }
        return nil
    }

    private func fail(_ hypothesis: Hypothesis, _ reason: String) -> Int? {
        report(.impossible("what-if: \(reason)"))
        return nil
    }

    func report(_ now: Instant, of index: Int) {
        guard clock.now - lastReport >= .milliseconds(100) else { return }
        lastReport = clock.now
        report(.imagined(now))
    }

    func end(_ index: Int, with outcome: FutureOutcome) {
        report(.outcome(outcome))
        _exit(0)
    }

    func end(_ index: Int, refused reason: String) {
        report(.impossible(reason))
        _exit(0)
    }

    /// The processor time that this process has used.
    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    // MARK: - Requests

    var ends: Bool {
        look()
        return hasEnded
    }

    var isAsked: Bool {
        look()
        return hasEnded || wantsPreview || !requests.isEmpty
    }

    var waitingRequests: [ConsoleRequest] {
        look()
        return requests
    }

    func takeRequest() -> ConsoleRequest? {
        look()
        guard !requests.isEmpty else { return nil }
        taken += 1
        return requests.removeFirst()
    }

    func takePreviewed() -> [String] {
        wantsPreview = false
        return previewed
    }

    func wait(atMost limit: Duration?) -> Bool {
        let milliseconds = limit.map { Int32(clamping: ($0.nanoseconds + 999_999) / 1_000_000) } ?? -1
        var entry = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, max(-1, milliseconds)) > 0
    }

    /// Takes what has come, and sees whether the console is still there.
    private func look() { while !hasEnded, let order = receive(waits: false) { take(order) } }

    private func receive(waits: Bool) -> WorkerOrder? {
        do {
            return try channel.receive(WorkerOrder.self, waits: waits)
        } catch {
            hasEnded = true
            return nil
        }
    }

    private func take(_ order: WorkerOrder) {
        switch order {
        case .request(let line):
            if let request = ConsoleRequest(line: line) {
                requests.append(request)
            } else {
                taken += 1
                say(.refused, "\(line): the simulated world does not understand this")
            }
        case .preview(let nodes): (previewed, wantsPreview) = (nodes, true)
        case .observe(let observes): (observesMessages, wantsPreview) = (observes, true)
        case .wake, .stay: break
        }
    }

    // MARK: - Reports

    private func report(_ report: WorkerReport, passing passed: Int32 = -1) {
        guard !hasEnded else { return }
        do {
            try channel.send(report, passing: passed)
        } catch {
            hasEnded = true
        }
    }

    func publish(
        _ snapshot: ClusterSnapshot, _ recorder: Recorder, isScriptDone: Bool, caption: Caption?,
        watches: [WatchStatus], past: RecentPast?
    ) {
        let count = recorder.count
        while known < count, !hasEnded {
            let events = Array(recorder.events(from: known).prefix(Self.eventsAtOnce))
            report(.events(from: known, events))
            known += events.count
        }
        let picture = WorkerPicture(
            snapshot: snapshot, isScriptDone: isScriptDone, caption: caption, watches: watches, served: taken,
            events: count,
            digest: recorder.digest)
        guard picture != shown || past != nil else { return }
        let change = PictureChange(from: shown, to: picture)
        shown = picture
        report(.picture(change, past))
    }

    func show(_ progress: RunProgress?) { report(.progress(progress)) }

    func say(_ kind: ConsoleMessage.Kind, _ text: String) { report(.says(ConsoleMessage(kind, text))) }

    func finish() { _exit(0) }
}

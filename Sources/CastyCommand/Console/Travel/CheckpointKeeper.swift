import CastyConsole
import CastyCore
import CastyScenario
import Foundation

/// Talks to the process of a run and to its checkpoints, on a thread of its own: passes requests on, takes in what the
/// run publishes, keeps the channels of the checkpoints, and wakes one of them for a jump.
///
/// A checkpoint ends when its channel is closed, and all of them with this process, however it ends.
final class CheckpointKeeper {
    /// The most checkpoints. With the run itself, its replacement and two futures these are less than 64 processes.
    private static let limit = 58

    private let backend: ForkedBackend
    private let alarm: Int32
    private let processes: WorkerProcesses
    private var checkpoints = CheckpointList<Channel>(limit: CheckpointKeeper.limit, spacing: .seconds(1))
    /// The run.
    private var active: Channel?
    /// The checkpoint that was asked to come alive, and for what.
    private var waking: (channel: Channel, jump: TimeJump?, from: Instant)?
    private let futures: FuturesKeeper
    /// The requests that the run may not have carried out, in their order.
    private var unserved: [ConsoleRequest] = []
    /// How many of them were sent to the run.
    private var posted = 0
    /// How many the run has carried out since it came alive.
    private var served = 0
    /// The latest picture of the run, which the next one is a change of.
    private var picture: WorkerPicture?
    private var previewed: [String]?
    private var observesMessages = false
    /// Why there is no run any more.
    private var end: String?

    init(_ backend: ForkedBackend, _ alarm: Int32, _ first: Channel, _ processes: WorkerProcesses) {
        self.backend = backend
        self.alarm = alarm
        self.processes = processes
        futures = FuturesKeeper(backend)
        _ = checkpoints.add(.init(time: .start, commands: 0, handle: first))
    }

    /// Runs until the backend ends.
    func loop() {
        if let first = checkpoints.entries.first?.handle { wake(first, for: nil, from: .start) }
        while !backend.ends {
            passRequests()
            sleep()
        }
        active?.close()
        futures.end()
        for channel in checkpoints.removeAll(where: { _ in true }) { channel.close() }
        processes.awaitEnd()
        backend.finish()
    }

    /// Sleeps until a channel or the screen has something.
    private func sleep() {
        let imagined = futures.channels
        let channels = [active].compactMap(\.self) + imagined + checkpoints.entries.map(\.handle)
        var entries = channels.map { channel in
            pollfd(
                fd: channel.descriptor, events: Int16(channel.isBlocked ? POLLIN | POLLOUT : POLLIN), revents: 0)
        }
        entries.append(pollfd(fd: alarm, events: Int16(POLLIN), revents: 0))
        guard poll(&entries, nfds_t(entries.count), -1) > 0 else { return }
        if entries[channels.count].revents != 0 {
            var count: UInt64 = 0
            _ = read(alarm, &count, 8)
        }
        for (channel, entry) in zip(channels, entries) where entry.revents != 0 && !channel.isClosed {
            if channel === active {
                hear(run: channel)
            } else if imagined.contains(where: { $0 === channel }) {
                futures.hear(channel)
            } else {
                hear(checkpoint: channel)
            }
        }
    }

    // MARK: - The run

    private func hear(run channel: Channel) {
        do {
            try channel.flush()
            while !channel.isClosed, let report = try channel.receive(WorkerReport.self, waits: false) {
                try take(report, from: channel)
            }
        } catch {
            lose(channel, error)
        }
    }

    private func take(_ report: WorkerReport, from channel: Channel) throws {
        switch report {
        case .picture(let change, let past):
            guard let picture = change.applied(to: picture) else {
                throw Channel.Problem.malformed("a change of another picture")
            }
            self.picture = picture
            try serve(picture.served)
            backend.publish(picture, past)
        case .events(let index, let events):
            if !backend.append(events, from: index) {
                throw Channel.Problem.malformed("other events than before from \(index) on")
            }
        case .progress(let progress): backend.show(progress)
        case .says(let message): backend.say(message.kind, message.text)
        case .checkpoint(let time, let commands):
            let handle = Channel(try channel.takeDescriptor())
            checkpoints.add(.init(time: time, commands: commands, handle: handle))?.close()
        case .noCheckpoint(let reason):
            backend.say(.note, "going back in time takes longer from here on: \(reason)")
        case .branched(let now, let commands, let events):
            for handle in checkpoints.branch(at: now, commands: commands) { handle.close() }
            backend.forget(from: now, events: events)
        case .jumps(let jump, let now, let served):
            try serve(served)
            replace(for: jump, from: now)
        case .imagines(let hypothesis, let index):
            futures.add(Channel(try channel.takeDescriptor()), index, of: hypothesis)
        case .impossible(let reason): futures.end(because: reason)
        case .ready, .failed, .awake, .refused, .imagined, .outcome:
            throw Channel.Problem.malformed("a checkpoint's report from a run")
        }
    }

    /// Forgets the requests that the run has carried out.
    private func serve(_ count: Int) throws {
        guard count >= served, count - served <= posted else {
            throw Channel.Problem.malformed("\(count) requests carried out")
        }
        unserved.removeFirst(count - served)
        posted -= count - served
        served = count
    }

    private func lose(_ channel: Channel, _ error: any Error) {
        channel.close()
        active = nil
        // A run that waits for its replacement is not needed.
        guard waking == nil else { return }
        let reason =
            switch error {
            case Channel.Problem.malformed(let what): " and was ended: it sent \(what)"
            default: processes.lastWords
            }
        end = "the simulated world has failed\(reason)"
        backend.show(nil)
        backend.say(.refused, end ?? "")
    }

    private func passRequests() {
        let requests = backend.takeRequests().filter { $0 != .control(.endWhatIf) || !futures.stop() }
        if let end {
            if !requests.isEmpty { backend.say(.refused, end) }
            return
        }
        unserved += requests
        guard waking == nil, let active else { return }
        do {
            while posted < unserved.count {
                posted += 1
                try active.post(WorkerOrder.request(unserved[posted - 1].line))
            }
            if backend.previewed != previewed {
                previewed = backend.previewed
                try active.post(WorkerOrder.preview(previewed ?? []))
            }
            if backend.observesMessages != observesMessages {
                observesMessages = backend.observesMessages
                try active.post(WorkerOrder.observe(observesMessages))
            }
        } catch {
            lose(active, error)
        }
    }

    // MARK: - Checkpoints

    private func hear(checkpoint channel: Channel) {
        do {
            while let report = try channel.receive(WorkerReport.self, waits: false) {
                switch report {
                case .awake: try replaceRun(by: Channel(channel.takeDescriptor()))
                case .refused(let reason): stay(reason)
                case .ready, .failed, .picture, .events, .progress, .says, .checkpoint, .noCheckpoint, .branched,
                    .jumps, .imagines, .imagined, .outcome, .impossible:
                    throw Channel.Problem.malformed("a run's report from a checkpoint")
                }
            }
        } catch {
            // Killed from outside, for example. The one before it takes its place.
            for handle in checkpoints.removeAll(where: { $0.handle === channel }) { handle.close() }
            guard let (awaited, jump, from) = waking, awaited === channel else { return }
            waking = nil
            if let jump { replace(for: jump, from: from) } else { lose(channel, error) }
        }
    }

    /// Wakes the best checkpoint for a jump.
    private func replace(for jump: TimeJump, from now: Instant) {
        guard let best = checkpoints.best(for: jump.target, from: now) else { return stay(nil) }
        wake(best.handle, for: jump, from: now)
    }

    private func wake(_ channel: Channel, for jump: TimeJump?, from now: Instant) {
        waking = (channel, jump, now)
        // If it is gone, the next look at it finds that out.
        try? channel.post(WorkerOrder.wake(jump))
    }

    /// Lets the run get there by itself.
    private func stay(_ reason: String?) {
        waking = nil
        if let reason { backend.say(.note, "going there takes longer: \(reason)") }
        do {
            try active?.post(WorkerOrder.stay)
        } catch {
            if let active { lose(active, error) }
        }
    }

    private func replaceRun(by channel: Channel) {
        active?.close()
        active = channel
        picture = nil
        observesMessages = waking?.jump?.observesMessages ?? false
        waking = nil
        (posted, served, previewed) = (0, 0, nil)
    }
}

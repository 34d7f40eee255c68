package import CastyCore
package import CastyObservability
package import CastyScenario

/// Shows a recording at one time after the other, like a run: it can be paused, stepped, sped up and turned back.
package struct RecordingPlayer: Sendable {
    /// The size of one step.
    private static let tick = Duration.milliseconds(100)
    private static let speeds = 1.0 / 64...64

    package let recording: Recording
    /// The time that is shown.
    package private(set) var now: Instant
    package private(set) var isPaused = true
    package private(set) var speed = 1.0
    /// What is shown; the time before, where the present one cannot be read.
    private var shown: ClusterSnapshot
    private var index: Int?

    /// - Parameter moment: Where it begins; `nil` for a second before the first sign of trouble.
    package init(_ recording: Recording, at moment: Instant? = nil) {
        self.recording = recording
        let trouble = recording.events.first { $0.kind == .memberUnreachable || $0.kind.level == .fault }
        now = moment ?? trouble.map { $0.time - .seconds(1) } ?? beginning(of: recording)
        shown = ClusterSnapshot(time: now, version: 0, nodes: [])
        go(to: now)
    }

    package var first: Instant { beginning(of: recording) }
    package var last: Instant { recording.moments.last ?? .start }

    /// Carries out a user's request.
    ///
    /// - Returns: Why it was not carried out, or what there is to say; `nil` for nothing.
    package mutating func on(_ control: RunControl) -> ConsoleMessage? {
        switch control {
        case .pause: isPaused = true
        case .play:
            guard now < last else { return ConsoleMessage(.refused, "play: the recording ends here; , and ← go back") }
            isPaused = false
        case .step(let count):
            isPaused = true
            guard now < last else { return ConsoleMessage(.refused, "step: the recording ends here") }
            go(to: now + Self.tick * count)
        case .back(let count):
            isPaused = true
            guard now > first else { return ConsoleMessage(.refused, "back: the recording begins here") }
            go(to: now - Self.tick * count)
        case .seek(let moment):
            isPaused = true
            go(to: .start + moment)
        case .speed(let factor): speed = min(max(factor.value, Self.speeds.lowerBound), Self.speeds.upperBound)
        case .saveScript, .saveMoment:
            return ConsoleMessage(.refused, "save: a recording has no commands; export scenario goes on from here")
        case .undo, .redo, .watch, .endUntil, .endWatch, .whatIf, .endWhatIf:
            return ConsoleMode.recording.refusal(of: .console(control.verb)).map { ConsoleMessage(.refused, $0) }
        }
        return nil
    }

    /// Real time passes.
    package mutating func advance(by span: Duration) {
        guard !isPaused else { return }
        go(to: now + .nanoseconds(Int64(Double(span.nanoseconds) * speed)))
        if now >= last { isPaused = true }
    }

    private mutating func go(to time: Instant) {
        now = min(max(time, first), last)
        let next = recording.moments.index(at: now) ?? 0
        guard next != index else { return }
        index = next
        if let snapshot = recording.moments.snapshot(at: next) { shown = snapshot }
    }

    /// The cluster at the time that is shown.
    package var snapshot: ClusterSnapshot {
        var snapshot = shown
        // Between two moments nothing is known to change: silences and deadlines stay as they were.
        let gap = now - shown.time
        if gap > .zero { snapshot.nodes = shown.nodes.map { $0.shifted(by: gap) } }
        snapshot.time = now
        snapshot.paused = isPaused
        snapshot.speed = speed
        snapshot.seed = nil
        return snapshot
    }

    /// What the console draws of the time before.
    package var past: RecentPast { index.map { recording.moments.past(at: $0, until: now) } ?? RecentPast() }

    /// The events after a cursor, up to the time that is shown.
    package func events(after cursor: UInt64) -> EventPage {
        var (low, high) = (0, recording.events.count)
        while low < high {
            let middle = (low + high) / 2
            if recording.events[middle].time > now { high = middle } else { low = middle + 1 }
        }
        let from = Int(clamping: cursor)
        // After going back there are fewer than were read; the remaining ones are the same.
        guard from < low else { return EventPage(events: [], next: UInt64(min(from, low))) }
        return EventPage(
            events: Array(recording.events[from..<low]), next: UInt64(low), dropped: from == 0 ? recording.missed : 0)
    }
}

private func beginning(of recording: Recording) -> Instant { recording.moments.first ?? .start }

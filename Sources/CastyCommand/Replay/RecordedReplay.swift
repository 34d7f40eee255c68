import ArgumentParser
import CastyConsole
import CastyCore
import CastyObservability
import CastyReporting

/// What `casty replay` does with a recording of a running cluster.
struct RecordedReplay {
    let path: String
    let recording: Recording
    /// The time to begin at, or to end at without a screen.
    let moment: Instant?

    /// Prints the events, one a line, up to the wanted time.
    func printEvents(asJSON: Bool) {
        let lines = LineBuffer()
        for event in recording.events where moment.map({ event.time <= $0 }) ?? true {
            if asJSON {
                lines.add(event.json)
            } else if let line = EventLine.text(of: event) {
                lines.add(line)
            }
        }
        lines.flush()
        if recording.missed > 0 { Output.error("\(path): the observer had missed \(recording.missed) events") }
        warn()
    }

    /// Prints a scenario that goes on from the wanted time, or else from the end.
    func printScenario() throws {
        let player = RecordingPlayer(recording, at: moment ?? recording.moments.last)
        guard let text = SnapshotScenario(player.snapshot, title: recording.header.cluster).text else {
            Output.error("\(path): no node had reported any member at that time; --at names a later one")
            throw ScenarioFile.badData
        }
        Output.results(text)
        warn()
    }

    func show(on screen: ScreenOptions) throws {
        let player = RecordingPlayer(recording, at: moment)
        let backend = RecordingBackend(player, greeting: greeting(player), clock: .system)
        defer { backend.close() }
        try screen.show(backend) { true }
    }

    /// When it was recorded, how long it is, and how to begin.
    private func greeting(_ player: RecordingPlayer) -> String {
        let clock = player.snapshot.observer?.clock
        let day = clock.map {
            "recorded \($0.day(player.first)), \($0.timeOfDay(player.first)) to \($0.timeOfDay(player.last))"
        }
        let end = recording.isTruncated ? "; its recorder was killed" : ""
        return
            "\(day ?? "a recording"), \(recording.events.count) events\(end); {pause} plays, {earlier} {later} in Events go through it"
    }

    private func warn() {
        if recording.isTruncated {
            Output.error("\(path): the recording ends within a record: its recorder was killed")
        }
    }
}

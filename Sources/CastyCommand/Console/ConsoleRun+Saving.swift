import CastyConsole
import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed
import Foundation

extension ConsoleRun {
    /// Writes the session as a scenario, at the user's request.
    func save(_ file: String, _ backend: any RunFrontEnd) {
        do {
            try write(script(of: history + future, heading: ["# A session at the console."]), to: file)
            backend.say(.done, "saved \(file); \(repeating(file))")
        } catch {
            backend.say(.refused, "save: \(file) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Adds the scenario to the files of a saved moment: the session up to now, without what time was turned back
    /// behind.
    func saveMoment(_ folder: String?, _ backend: any RunFrontEnd) {
        guard let folder else { return backend.say(.refused, "save: no folder is named") }
        let file = "\(folder)/\(SavedMoment.File.scenario.rawValue)"
        let now = time(testbed.now)
        let use = plan.seed == nil ? "casty run --live FILE" : "casty replay FILE --at \(now)"
        do {
            let heading = ["# A moment at the console, \(now) after the start. To see it again: \(use)"]
            try write(script(of: history, heading: heading), to: file)
            let files = SavedMoment.File.allCases.map(\.rawValue).joined(separator: " ")
            backend.say(.done, "saved in \(folder): \(files)")
        } catch {
            backend.say(.refused, "save: \(file) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Keeps the recording, if there is one, up to date: a crash of this process loses nothing of the session.
    func keepRecord(_ backend: any RunFrontEnd, atTheEnd: Bool = false) {
        guard let file = plan.record, atTheEnd || history.count != recorded else { return }
        recorded = history.count
        do {
            try write(script(of: history + future, heading: ["# A session at the console."]), to: file)
        } catch {
            backend.say(.refused, "record: \(file) cannot be written: \(error.localizedDescription)")
        }
    }

    private func repeating(_ file: String) -> String {
        plan.seed == nil
            ? "casty run --live \(file) does it again, in real time" : "casty replay \(file) shows it again"
    }

    /// Commands as a scenario. In the simulated runtime commands are carried out at full hundredths of a second, so the
    /// scenario reproduces the session event for event.
    private func script(of entries: [RecordedCommand], heading: [String]) -> String {
        var lines = heading
        if let seed = plan.seed {
            lines.append("seed \(seed)")
        } else {
            lines += [
                "# It was in the live world, on real time and real TCP: the commands and their times are as they were,",
                "# the order of messages, the delays and with them what each node sees at a time are not reproducible.",
            ]
        }
        if let preset = plan.preset { lines.append("set preset \(preset.rawValue)") }
        for setting in plan.header.settings { lines.append("\(Command.immediate(.set(setting)))") }
        if !plan.header.seeds.isEmpty { lines.append("\(Command.header(.seeds(plan.header.seeds)))") }
        for node in plan.header.roles.keys.sorted(by: { $0.number < $1.number }) {
            lines.append("\(Command.header(.roles([node], plan.header.roles[node] ?? [])))")
        }
        lines += ["nodes \(plan.nodes)", "shards \(plan.settings.shards)"]
        for entry in entries {
            // The scheduled command itself follows, if it was carried out.
            if case .at = entry.command { continue }
            lines.append("at \(time(entry.at)) \(entry.command)")
        }
        lines.append("wait \(time(max(testbed.now, entries.last?.at ?? .start)))")
        return lines.joined(separator: "\n") + "\n"
    }

    private func time(_ moment: Instant) -> String {
        Duration.milliseconds(moment.nanoseconds / 1_000_000).scenarioText
    }

    private func write(_ script: String, to file: String) throws {
        try script.write(toFile: file, atomically: true, encoding: .utf8)
    }
}

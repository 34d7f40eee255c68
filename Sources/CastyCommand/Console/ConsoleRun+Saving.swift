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
            try write(to: file)
            backend.say(.done, "saved \(file); casty replay \(file) shows it again")
        } catch {
            backend.say(.refused, "save: \(file) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Keeps the recording, if there is one, up to date: a crash of this process loses nothing of the session.
    func keepRecord(_ backend: any RunFrontEnd, atTheEnd: Bool = false) {
        guard let file = plan.record, atTheEnd || history.count != recorded else { return }
        recorded = history.count
        do {
            try write(to: file)
        } catch {
            backend.say(.refused, "record: \(file) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Writes the session as a scenario. In the simulated runtime commands are carried out at full hundredths of a
    /// second, so the scenario reproduces the session event for event.
    private func write(to file: String) throws {
        var lines = ["# A session at the console."]
        if let seed = plan.seed { lines.append("seed \(seed)") }
        if let preset = plan.preset { lines.append("set preset \(preset.rawValue)") }
        lines += ["nodes \(plan.nodes)", "shards \(plan.settings.shards)"]
        for entry in history + future {
            // The scheduled command itself follows, if it was carried out.
            if case .at = entry.command { continue }
            lines.append("at \(Duration.milliseconds(entry.at.nanoseconds / 1_000_000).scenarioText) \(entry.command)")
        }
        let end = max(testbed.now, future.last?.at ?? .start)
        lines.append("wait \(Duration.milliseconds(end.nanoseconds / 1_000_000).scenarioText)")
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
    }
}

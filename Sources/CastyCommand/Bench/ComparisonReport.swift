import ArgumentParser
import CastyBenchmarks

/// Measures this program and other commands in turn, and prints the ratios: `casty bench --compare`.
struct ComparisonReport {
    let names: [String]
    let commands: [ComparedCommand]
    /// The user's own counterparts: a peer's name of a figure to this program's.
    let counterparts: [String: String]
    let rounds: Int
    /// The runs per round of this program's own figures.
    let runs: Int
    let isQuick: Bool
    let json: Bool
    /// Whether a missed goal fails.
    let isStrict: Bool

    /// Measures and prints.
    ///
    /// The order is reversed in every other round, so that a machine that grows slower or faster favours none.
    ///
    /// - Throws: ``ExitCode`` 1 if no round had a figure of both, or if a goal was missed and that is to fail.
    func run() throws {
        var table = ComparisonTable()
        for round in 1...rounds {
            let turns = [nil] + commands.map(Optional.some)
            for turn in round % 2 == 1 ? turns : turns.reversed() {
                show("round \(round) of \(rounds): \(turn?.line ?? "casty") …")
                do {
                    if let turn {
                        table.add(other: try turn.figures(names: counterparts), round: round)
                    } else {
                        let own = try ComparedCommand.own(names, isQuick: isQuick, runs: runs)
                        table.add(own: own, round: round)
                    }
                } catch {
                    clear()
                    Output.error("casty: round \(round): \(error)")
                }
            }
        }
        clear()
        let rows = table.rows
        guard !rows.isEmpty else {
            Output.error("casty: no figure was measured by both; name those that the commands measure")
            throw ExitCode(1)
        }
        var figure = ""
        for row in rows {
            if json {
                Output.line(row.json)
                continue
            }
            if row.figure != figure { Output.line("\(row.figure): casty / other, ratio (min … max)") }
            figure = row.figure
            Output.line(row.text)
        }
        if isStrict, rows.contains(where: { $0.isMet == false }) { throw ExitCode(1) }
    }

    private func show(_ text: String) {
        if Output.errorIsTerminal { Output.progress(text) } else { Output.error(text) }
    }

    private func clear() {
        if Output.errorIsTerminal { Output.progress("") }
    }
}

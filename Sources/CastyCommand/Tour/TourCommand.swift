import ArgumentParser
import CastyScenario
import CastyTestbed
import Glibc

/// `casty tour`: what a cluster does, in five short missions.
struct TourCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tour", abstract: "Learn what a cluster does, in five missions of two minutes.",
        discussion: """
            Opens the console on a simulated cluster to which things happen. Captions say what, and time stands still at each of \
            them until you press the space bar. All keys of the console work meanwhile. Without a number it lists the missions.
            """)

    @Argument(help: ArgumentHelp("The mission, 1 to \(Mission.all.count).", valueName: "number"))
    var number: Int?

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        guard let number else { return }
        guard Mission.all.contains(where: { $0.number == number }) else {
            throw ValidationError("The missions are 1 to \(Mission.all.count), not \(number).")
        }
    }

    func run() throws {
        guard let mission = Mission.all.first(where: { $0.number == number }) ?? Self.choose() else { return }
        // A picture is for a reader who presses no key.
        try screen.show(try mission.plan(pausing: screen.snapshot == nil), named: "tour", clock: .system)
    }

    /// Shows the list, and asks if a person is there to answer.
    private static func choose() -> Mission? {
        Output.line("Five missions of about two minutes each:\n")
        for line in Mission.list { Output.line(line) }
        guard Output.isTerminal, isatty(STDIN_FILENO) == 1 else {
            Output.line("\ncasty tour NUMBER begins one.")
            return nil
        }
        while true {
            Output.results("\nWhich one? 1-\(Mission.all.count), Enter for the first, q to leave: ")
            guard let line = readLine() else {
                Output.results("\n")
                return nil
            }
            if line.isEmpty { return Mission.all.first }
            if line.hasPrefix("q") { return nil }
            if let mission = Mission.chosen(line) { return mission }
            Output.line("There is no mission \"\(line)\".")
        }
    }
}

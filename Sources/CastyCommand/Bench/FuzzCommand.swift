import ArgumentParser
import CastyInvariants

/// `casty fuzz`: frames that nearly follow the protocol, sent to a node in a simulated cluster.
struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz", abstract: "Send frames that nearly follow the protocol to a simulated node.",
        shouldDisplay: false)

    @Option(help: ArgumentHelp("How many frames to send.", valueName: "number"))
    var frames = 1_000_000

    @Option(help: ArgumentHelp("All follows from it.", valueName: "seed"))
    var seed: UInt64 = 1

    func validate() throws {
        guard frames > 0 else { throw ValidationError("--frames is at least 1") }
    }

    func run() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let report = try FrameFuzzer().run(frames: frames, seed: seed) { round, seed in
            // Written before the round: where a frame ends the process, the last line says how to repeat it.
            Output.error("round \(round), seed \(seed), after \(clock.now - start)")
            Output.drain(atMost: .seconds(1))
        }
        let seconds = (clock.now - start) / .seconds(1)
        let roles = FrameFuzzer.Role.allCases.map { "\(report.framesByRole[$0] ?? 0) of a \($0.rawValue)" }
        Output.line(
            "\(report.frames) frames in \(Int(seconds)) s, \(Int(Double(report.frames) / seconds)) a second: "
                + roles.joined(separator: ", "))
        Output.line(
            "made from \(report.samples) messages; \(report.closed) connections closed; the word of a member ended \(report.endedByMember) rounds"
        )
        for fault in report.faults { Output.line("WRONG: \(fault)") }
        if !report.faults.isEmpty { throw ExitCode(1) }
    }
}

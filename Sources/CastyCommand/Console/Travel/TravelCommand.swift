import ArgumentParser
import CastyConsole
import CastyCore
import CastyLive
import CastyObservability
import CastyScenario
import CastyTestbed

/// `casty travel`: requests to a simulated run without a screen, for tests and measurements of going back in time.
///
/// Prints for each request how long it took, the time that is shown, and the digest of the events up to it. Further
/// requests are the lines of its input, with which it ends.
struct TravelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "travel", abstract: "Requests to a simulated run without a screen.", shouldDisplay: false)

    @Option var nodes = 3
    @Option var seed: UInt64 = 1
    @Argument var lines: [String] = []

    func run() throws {
        var settings = TestClusterSettings()
        settings.nodes = nodes
        let plan = ConsolePlan(settings: settings, nodes: nodes, seed: seed, beginsAt: .start + .milliseconds(10))
        guard let backend = try ForkedBackend.open(plan) else { throw ExitCode(71) }
        defer { backend.close() }
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        while !backend.latest().paused { wakeup.wait() }
        var breaks: Set<WatchStatus.Break> = []
        for line in lines { try travel(line, backend, wakeup, &breaks) }
        Output.results("end\n")
        while let line = readLine() { try travel(line, backend, wakeup, &breaks) }
    }

    /// - Parameter breaks: What the watches have found so far: each of it stops time once.
    private func travel(
        _ line: String, _ backend: ForkedBackend, _ wakeup: Wakeup, _ breaks: inout Set<WatchStatus.Break>
    ) throws {
        guard let request = ConsoleRequest(line: line) else { throw ValidationError("no request: \(line)") }
        let clock = LiveClock()
        let began = clock.now
        let messages = backend.messages(after: 0).next
        let known = breaks
        // Before the request: its effect may be here at once.
        let number = backend.hypothesis?.number
        backend.submit(request)
        let isDone: () -> Bool =
            if case .control(.whatIf) = request {
                { backend.hypothesis?.isDone == true && backend.hypothesis?.number != number }
            } else if case .control(.seek(let target)) = request {
                {
                    // A watch may stop it before. Its status may also arrive late, or from a checkpoint that is left
                    // again at once; that means nothing.
                    let isStopped = backend.watches.contains { $0.broken.map { !known.contains($0) } ?? false }
                    return (backend.latest().time == .start + target || isStopped) && backend.progress == nil
                }
            } else {
                { backend.messages(after: messages).next > messages }
            }
        while !isDone() {
            // Not for ever: what it waits for may be known without a further change.
            wakeup.wait(atMost: .milliseconds(100))
            for message in backend.messages(after: messages).messages where message.kind == .refused {
                Output.error(message.text)
                throw ExitCode(1)
            }
        }
        breaks.formUnion(backend.watches.compactMap(\.broken))
        if case .control(.whatIf) = request {
            for future in backend.hypothesis?.futures ?? [] { Output.results("t=\(future.now) \(future)\n") }
        }
        let took = (clock.now - began).nanoseconds / 1_000_000
        let digest = String(backend.digest.value, radix: 16)
        Output.results(
            "\(line): \(took) ms, t=\(backend.latest().time), \(backend.digest.events) events, \(digest)\n")
    }
}

import ArgumentParser
import CastyConsole
import CastyCore
import CastyObservability
import CastyTerminal
import Foundation

/// The options of all commands that open a console: its appearance and its output.
struct ScreenOptions: ParsableArguments {
    @Option(help: "Print one frame of this size as text and end, as 120x40; needs no terminal.")
    var snapshot: String?
    @Flag(help: "With --snapshot: with colours.")
    var ansi = false
    @Option(help: "Colours: auto, never, 16 or 256.")
    var color = "auto"
    @Option(help: "Colours for: standard, safe (colour-blind), bright, quiet, mono.")
    var theme = "standard"
    @Flag(help: "Draw with ASCII only.")
    var ascii = false
    @Flag(name: .customLong("no-mouse"), help: "Leave the mouse to the terminal.")
    var noMouse = false
    @Option(help: "Frames a second at most, 1…60.")
    var fps = 20
    @Flag(
        name: .customLong("no-supervise"),
        help: "Do without the parent process that gives the terminal back should this one be killed.")
    var noSupervise = false
    @Flag(help: "Refuse all that changes the cluster.")
    var readonly = false

    func validate() throws {
        guard (1...60).contains(fps) else { throw ValidationError("--fps takes 1…60, not \(fps)") }
        _ = try options()
        _ = try snapshotSize()
    }

    /// Shows a testbed until the user quits, or prints the final frame.
    func show(_ plan: ConsolePlan, named command: String, clock: ConsoleClock) throws {
        let backend: any RunBackend
        do {
            backend = try open(plan, clock)
        } catch {
            Output.error("casty \(command): \(error)")
            throw ExitCode(73)
        }
        defer { backend.close() }
        try show(backend) {
            // Ends at the initial time, at the end of the script, or after ten seconds without a script. A script that
            // never ends is stopped after two minutes.
            let time = backend.latest().time
            if let begin = plan.beginsAt { return time >= begin }
            if plan.script.isEmpty { return time >= .start + .seconds(10) }
            return backend.isScriptDone || time >= .start + .seconds(120)
        }
    }

    /// A live testbed in this process, a simulated one in a process of its own, so that time can be turned back.
    private func open(_ plan: ConsolePlan, _ clock: ConsoleClock) throws -> any RunBackend {
        guard plan.seed != nil else { return try TestClusterBackend.open(plan, clock: clock) }
        return try ForkedBackend.open(plan) ?? TestClusterBackend.open(plan, clock: clock)
    }

    /// Shows a backend until the user quits, or prints the frame at the time when a condition holds.
    func show(_ backend: any ConsoleBackend, printingWhen isThere: () -> Bool) throws {
        if let size = try snapshotSize() { return try print(backend, size, when: isThere) }
        let code = TerminalApp.run(backend: backend, options: try options())
        if code != 0 { throw ExitCode(code) }
    }

    private func print(
        _ backend: any ConsoleBackend, _ size: (width: Int, height: Int), when isThere: () -> Bool
    ) throws {
        var frame = Frame(of: backend, width: size.width, height: size.height, options: try options())
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        while !isThere() {
            frame.look()
            wakeup.wait(atMost: .seconds(1))
        }
        frame.look()
        Output.results((ansi ? frame.picture.ansiText() : frame.picture.plainText()) + "\n")
    }

    private func snapshotSize() throws -> (width: Int, height: Int)? {
        guard let snapshot else { return nil }
        let parts = snapshot.split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ (1...1000).contains($0) }) else {
            throw ValidationError("--snapshot takes a size as 120x40, not \(snapshot)")
        }
        return (parts[0], parts[1])
    }

    private func options() throws -> ConsoleOptions {
        var options = ConsoleOptions()
        guard let colours = ConsoleOptions.Colours(rawValue: color) else {
            throw ValidationError("--color is auto, never, 16 or 256, not \(color)")
        }
        guard let theme = ThemeName(rawValue: theme) else {
            throw ValidationError(
                "--theme is one of \(ThemeName.allCases.map(\.rawValue).joined(separator: ", ")), not \(theme)")
        }
        // NO_COLOR applies if no option was given: ``TerminalAbility`` evaluates it for a terminal, but a picture has
        // none.
        let isPicture = snapshot != nil
        let wantsNone = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } == true
        options.colours = colours == .auto && isPicture && wantsNone ? .never : colours
        options.theme = theme
        options.glyphs = ascii ? .ascii : .auto
        options.mouse = !noMouse
        options.framesPerSecond = fps
        options.readOnly = readonly
        return options
    }
}

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
    @Flag(
        help: ArgumentHelp(
            "Without a screen, in lines that are only added: commands come from standard input.",
            discussion: """
                For screen readers, scripts and pipes: no colours, no cursor movement. A line is what the command \
                line (:) of the console takes; `focus members` prints that pane, `why n3` the causes, `help` all \
                commands, `wait 10s` holds the next lines. Ends with `quit`, or after the last line once the script \
                is done. Exits with 0, 1 if a command was refused or an expectation failed, 65 if a line could not \
                be read, 73 if a file could not be made.
                """))
    var plain = false
    @Flag(help: "With --plain: print \"> \" where a line is expected.")
    var prompt = false
    @Option(
        help:
            "Write a film of the session to this file, as asciicast v2, or as a picture that moves where its name ends in .svg; works with --snapshot too.",
        completion: .file())
    var cast: String?
    @Option(help: "Write the last frame to this file, as SVG; works with --snapshot too.", completion: .file())
    var svg: String?
    @Option(help: "Colours: auto, never, 16 or 256.", completion: .list(["auto", "never", "16", "256"]))
    var color: String?
    @Option(
        help: "Colours for: standard, safe (colour-blind), bright, quiet, mono, or a theme of your configuration.",
        completion: .list(ThemeName.allCases.map(\.rawValue)))
    var theme: String?
    @Option(
        help: "Characters: auto, unicode, acs (terminal's lines) or ascii.",
        completion: .list(ConsoleOptions.Glyphs.allCases.map(\.rawValue)))
    var glyphs: String?
    @Flag(help: "Draw with ASCII only, as --glyphs ascii.")
    var ascii = false
    @Flag(inversion: .prefixedNo, help: "Use the mouse, or leave it to the terminal.")
    var mouse: Bool?
    @Option(help: "Frames a second at most, 1…60.")
    var fps: Int?
    @Flag(
        name: .customLong("no-supervise"),
        help: "Do without the parent process that gives the terminal back should this one be killed.")
    var noSupervise = false
    @Flag(inversion: .prefixedNo, help: "Refuse all that changes the cluster.")
    var readonly: Bool?
    @Option(
        help: ArgumentHelp(
            "Read the configuration from this file, not from ~/.config/casty/config.",
            discussion: """
                It sets defaults for these options, gives keys to actions and defines themes. The command line comes first, then the \
                environment (NO_COLOR), then the file; $XDG_CONFIG_HOME/casty/config is its place if that is set.
                """), completion: .file())
    var config: String?
    @Flag(name: .customLong("no-config"), help: "Read no configuration file.")
    var noConfig = false
    @Flag(name: .customLong("print-config"), help: "Print the configuration in effect as a commented file, and end.")
    var printConfig = false

    func validate() throws {
        guard config == nil || !noConfig else { throw ValidationError("--config and --no-config exclude each other") }
        if let fps, !ConsoleOptions.frameRates.contains(fps) {
            throw ValidationError("--fps takes 1…60, not \(fps)")
        }
        guard glyphs == nil || !ascii else { throw ValidationError("--ascii is --glyphs ascii: give one of the two") }
        guard !plain || snapshot == nil else {
            throw ValidationError("--plain prints lines, --snapshot one frame: give one of the two")
        }
        guard !plain || cast == nil && svg == nil else {
            throw ValidationError("--cast and --svg are pictures, which --plain does not draw; export svg draws one")
        }
        guard !prompt || plain else { throw ValidationError("--prompt is of --plain: say that too") }
        let options = try options()
        _ = try snapshotSize()
        if printConfig { throw CleanExit.message(String(ConfigText.text(of: options).dropLast())) }
    }

    /// Shows a testbed until the user quits, or prints the final frame.
    func show(_ plan: ConsolePlan, named command: String, clock: ConsoleClock) throws {
        try checkFiles(named: command)
        let backend: any RunBackend
        do {
            backend = try open(plan, clock)
        } catch {
            Output.error("casty \(command): \(error)")
            throw ExitCode(73)
        }
        defer { backend.close() }
        if plain { return try showLines(backend, clock) { backend.isScriptDone || plan.script.isEmpty } }
        try show(backend, keepsFilm: plan.record != nil) {
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
    func show(_ backend: any ConsoleBackend, keepsFilm: Bool = false, printingWhen isThere: () -> Bool) throws {
        if plain { return try showLines(backend, .system) { true } }
        if let size = try snapshotSize() { return try print(backend, size, when: isThere) }
        let code = TerminalApp.run(backend: backend, options: try options(), files: files(keepsFilm: keepsFilm))
        if code != 0 { throw ExitCode(code) }
    }

    /// Runs the console in lines.
    private func showLines(
        _ backend: any ConsoleBackend, _ clock: ConsoleClock, isScriptDone: @escaping () -> Bool
    ) throws {
        var run = PlainRun(
            backend, options: try options(), prompts: prompt, clock: clock, isScriptDone: isScriptDone)
        let code = run.run()
        if code != 0 { throw ExitCode(code) }
    }

    private func files(keepsFilm: Bool) -> SessionFiles {
        var files = SessionFiles()
        files.film = cast
        files.drawing = svg
        files.keepsFilm = keepsFilm
        return files
    }

    /// Reports a file that cannot be made before anything starts.
    func checkFiles(named command: String) throws {
        for (option, path) in [("--cast", cast), ("--svg", svg)] {
            guard let path else { continue }
            do throws(OutputFile.Failure) {
                try OutputFile.write("", to: path)
            } catch {
                Output.error("casty \(command): \(option) \(path) cannot be written: \(error)")
                throw ExitCode(73)
            }
        }
    }

    private func print(
        _ backend: any ConsoleBackend, _ size: (width: Int, height: Int), when isThere: () -> Bool
    ) throws {
        var frame = Frame(of: backend, width: size.width, height: size.height, options: try options())
        var film: SessionFilm
        do throws(OutputFile.Failure) {
            film = try SessionFilm(files(keepsFilm: false), title: backend.title)
        } catch {
            try Self.fail("--cast", cast, error, 73)
        }
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        while !isThere() {
            frame.look()
            // Without a person who watches, time is that of the cluster.
            if cast != nil, let problem = film.add(frame.picture, at: backend.latest().time.seconds) {
                Output.error("casty: \(problem)")
                throw ExitCode(Output.writeFailed)
            }
            wakeup.wait(atMost: .seconds(1))
        }
        frame.look()
        if let problem = film.add(frame.picture, at: backend.latest().time.seconds) {
            Output.error("casty: \(problem)")
            throw ExitCode(Output.writeFailed)
        }
        if let problem = film.end(title: backend.title) {
            Output.error("casty: \(problem)")
            throw ExitCode(Output.writeFailed)
        }
        if let svg {
            do throws(OutputFile.Failure) {
                try OutputFile.write(frame.picture.svg(title: frame.title), to: svg)
            } catch {
                try Self.fail("--svg", svg, error, Output.writeFailed)
            }
        }
        Output.results((ansi ? frame.picture.ansiText() : frame.picture.plainText()) + "\n")
    }

    private static func fail(
        _ option: String, _ path: String?, _ error: OutputFile.Failure, _ code: Int32
    ) throws -> Never {
        Output.error("casty: \(option) \(path ?? "") cannot be written: \(error)")
        throw ExitCode(code)
    }

    private func snapshotSize() throws -> (width: Int, height: Int)? {
        guard let snapshot else { return nil }
        let parts = snapshot.split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ (1...1000).contains($0) }) else {
            throw ValidationError("--snapshot takes a size as 120x40, not \(snapshot)")
        }
        return (parts[0], parts[1])
    }

    /// The options of the console: the command line's, then the environment's, then the file's.
    private func options() throws -> ConsoleOptions {
        let environment = ProcessInfo.processInfo.environment
        var options = noConfig ? ConsoleOptions() : try ConfigFile.read(named: config, environment)
        if let color {
            guard let colours = ConsoleOptions.Colours(rawValue: color) else {
                throw ValidationError("--color is auto, never, 16 or 256, not \(color)")
            }
            options.colours = colours
        } else if let value = environment["NO_COLOR"], !value.isEmpty {
            options.colours = .never
        }
        if let theme {
            guard let found = Theme.named(theme, own: options.themes) else {
                let known = ThemeName.allCases.map(\.rawValue) + options.themes.map(\.name)
                throw ValidationError("--theme is one of \(known.joined(separator: ", ")), not \(theme)")
            }
            options.theme = found
        }
        if let glyphs {
            guard let found = ConsoleOptions.Glyphs(rawValue: glyphs) else {
                let known = ConsoleOptions.Glyphs.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--glyphs is one of \(known), not \(glyphs)")
            }
            options.glyphs = found
        }
        if ascii { options.glyphs = .ascii }
        options.mouse = mouse ?? options.mouse
        options.framesPerSecond = fps ?? options.framesPerSecond
        options.readOnly = readonly ?? options.readOnly
        return options
    }
}

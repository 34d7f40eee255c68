import CNCurses
package import CastyConsole

/// The console in a terminal.
package enum TerminalApp {
    /// Forks off a parent process that restores the terminal even if this process is killed. Call it first in `main`,
    /// before any thread exists. It returns in the child only.
    package static func supervise() { cnc_supervise() }

    /// Runs the console until the user quits; blocks the calling thread.
    ///
    /// The screen has its own thread, and no other thread touches it. The cluster behind the backend continues
    /// meanwhile and afterwards: the caller is responsible for stopping it.
    ///
    /// - Returns: The exit code: 0, 66 without a terminal, 69 if the terminal cannot position the cursor, 73 if a file
    ///   cannot be created, 128 + n after signal n.
    package static func run(backend: any ConsoleBackend, options: ConsoleOptions, files: SessionFiles = .init())
        -> Int32
    {
        guard cnc_prepare() == 0 else { return 74 }
        let session = Unmanaged.passRetained(SessionBox(backend, options, files))
        let problem = cnc_run_thread("console", { SessionBox.run($0) }, session.toOpaque())
        let box = session.takeRetainedValue()
        if problem != 0 { return 71 }
        if let advice = box.advice { StandardError.write(advice + "\n") }
        return box.code
    }
}

/// Passes a session to its thread and the exit code back. The creating thread waits until the session's thread has
/// ended.
private final class SessionBox {
    private let backend: any ConsoleBackend
    private let options: ConsoleOptions
    private let files: SessionFiles
    private(set) var code: Int32 = 70
    private(set) var advice: String?

    init(_ backend: any ConsoleBackend, _ options: ConsoleOptions, _ files: SessionFiles) {
        self.backend = backend
        self.options = options
        self.files = files
    }

    static func run(_ pointer: UnsafeMutableRawPointer?) {
        guard let pointer else { return }
        let box = Unmanaged<SessionBox>.fromOpaque(pointer).takeUnretainedValue()
        switch cnc_open(box.options.mouse, box.options.glyphs == .ascii) {
        case CNC_NO_TERMINAL:
            box.code = 66
            box.advice =
                "casty console needs a terminal on standard input and output. Without one: casty console --plain takes commands "
                + "as lines, --snapshot 120x40 prints one frame, casty run SCENARIO needs no screen."
        case CNC_NO_CURSOR:
            box.code = 69
            box.advice =
                "This terminal cannot position the cursor (or TERM names one that is unknown). Try TERM=xterm-256color, or "
                + "casty run SCENARIO, which needs no screen."
        default:
            box.show()
        }
    }

    /// Runs the session on the open screen.
    private func show() {
        do {
            let film = try SessionFilm(files, title: backend.title)
            var session = ConsoleSession(backend: backend, options: options, film: film)
            code = session.loop()
            cnc_close()
            if let problem = session.endFilm() {
                if code == 0 { code = 74 }
                advice = "casty: \(problem)"
            }
            if let path = files.drawing { draw(session.drawing, to: path) }
        } catch {
            cnc_close()
            code = 73
            advice = "casty: the film cannot be written: \(error)"
        }
    }

    private func draw(_ drawing: String, to path: String) {
        do {
            try OutputFile.write(drawing, to: path)
        } catch {
            if code == 0 { code = 74 }
            advice = "casty: \(path) cannot be written: \(error)"
        }
    }
}

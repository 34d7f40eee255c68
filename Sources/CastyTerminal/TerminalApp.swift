package import CastyConsole

/// The console in a terminal.
package enum TerminalApp {
    /// Splits off a parent process that gives the terminal back even when this one is killed; call it first in `main`, before any
    /// thread exists. It returns in the child only.
    package static func supervise() {}

    /// Runs the console until the person leaves; blocks the calling thread.
    ///
    /// - Returns: the exit code: 0, 66 without a terminal, 69 where the terminal cannot position the cursor, 128 + n after signal n.
    package static func run(backend: any ConsoleBackend, options: ConsoleOptions) -> Int32 {
        _ = (backend, options)
        return 66
    }
}

/// What a key asks of the world outside the console.
package enum Intent: Hashable, Sendable {
    /// Execute a line of the scenario language.
    case submit(line: String)
    case quit
    /// Stop the process as Ctrl-Z does, with the terminal given back.
    case suspend
    /// Draw everything again, whatever the terminal shows.
    case repaint
    /// Hand a text to the terminal's clipboard.
    case copy(String)
}

/// A key's request to the outside of the console.
package enum Intent: Hashable, Sendable {
    /// Ask the cluster for something.
    case submit(ConsoleRequest)
    /// Ask a cluster of other processes for something.
    case operate(RemoteCommand)
    case quit
    /// Stop the process as Ctrl-Z does, with the terminal restored.
    case suspend
    /// Redraw everything, whatever the terminal shows.
    case repaint
    /// Copy a text to the terminal's clipboard.
    case copy(String)
    /// Write a text to a file.
    case export(String, file: String)
    /// Write the files of a moment into a folder, or else into a new one.
    case save(SavedMoment, folder: String?)
}

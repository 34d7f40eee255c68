/// One frame without a terminal: for `--snapshot` and for pictures.
package enum Frame {
    /// A frame as text, one line a row.
    package static func plainText(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions)
        -> String
    {
        _ = (backend, width, height, options)
        return ""
    }

    /// A frame as text with ANSI colours.
    package static func ansiText(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions)
        -> String
    {
        plainText(of: backend, width: width, height: height, options: options)
    }
}

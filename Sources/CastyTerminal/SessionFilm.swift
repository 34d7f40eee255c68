package import CastyConsole

/// The files that a session writes besides what the user asks for at a key.
package struct SessionFiles: Hashable, Sendable {
    /// A film of the session.
    package var film: String?
    /// The last frame as SVG.
    package var drawing: String?
    /// Whether the latest part of the film is kept for a saved moment.
    package var keepsFilm = false

    package init() {}
}

/// The film of a session: written to a file as it happens, kept in memory for a saved moment.
package struct SessionFilm: ~Copyable {
    private let file: OutputFile?
    /// The film as one picture, which can be written only at its end.
    private var moving: MovingSVG?
    private var film: Cast?
    private var tail: CastTail?
    private let title: String
    private var hasFailed = false

    /// - Throws: If the file cannot be created.
    package init(_ files: SessionFiles, title: String) throws(OutputFile.Failure) {
        self.title = title
        if let path = files.film { file = try OutputFile(path) } else { file = nil }
        moving = files.film?.hasSuffix(".svg") == true ? MovingSVG() : nil
        tail = files.keepsFilm || files.film != nil ? CastTail() : nil
    }

    /// Adds a picture.
    ///
    /// - Parameter seconds: The time, of the world or of the wall clock.
    /// - Returns: Why the file cannot be written, once.
    package mutating func add(_ picture: CellBuffer, at seconds: Double) -> String? {
        tail?.add(picture, at: seconds)
        moving?.add(picture, at: seconds)
        guard moving == nil, file != nil, !hasFailed else { return nil }
        do {
            if film == nil {
                film = Cast(start: seconds)
                try file?.write(Cast.header(width: picture.width, height: picture.height, title: title))
            }
            if let lines = film?.add(picture, at: seconds) { try file?.write(lines) }
            return nil
        } catch {
            hasFailed = true
            return "cast: the film ends here, it cannot be written: \(error)"
        }
    }

    /// Writes what can be written only now.
    ///
    /// - Parameter title: The title of the film.
    /// - Returns: Why the file cannot be written.
    package func end(title: String) -> String? {
        guard let moving else { return nil }
        do {
            try file?.write(moving.document(title: title))
            return nil
        } catch {
            return "cast: the film cannot be written: \(error)"
        }
    }

    /// The latest part of the film, if it is kept.
    package func latest(title: String) -> String? { tail?.file(title: title) }
}

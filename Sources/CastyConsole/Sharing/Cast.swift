import CastyObservability

/// A film of the screen in the asciicast v2 format: a header, then one line for each picture that differs from the
/// one before.
///
/// A line holds only what has changed. The times are the caller's: of the world or of the wall clock.
package struct Cast: Sendable {
    private let start: Double
    private var latest: CellBuffer?
    private var latestTime = 0.0

    /// - Parameter start: The time of the first picture, in seconds.
    package init(start: Double) {
        self.start = start
    }

    /// The first line of the file.
    ///
    /// - Parameter recordedAt: The wall clock in seconds since 1970, if the file is to say when it was made.
    package static func header(width: Int, height: Int, title: String, recordedAt: Int64? = nil) -> String {
        let time = recordedAt.map { ", \"timestamp\": \($0)" } ?? ""
        return "{\"version\": 2, \"width\": \(width), \"height\": \(height)\(time), "
            + "\"title\": \(JSONLine.quoted(title)), \"env\": {\"TERM\": \"xterm-256color\"}}\n"
    }

    /// The lines for a picture; `nil` if it is the one before.
    package mutating func add(_ picture: CellBuffer, at seconds: Double) -> String? {
        // Time never goes back in a film; in a run that is turned back, the film goes on.
        latestTime = max(latestTime, seconds - start)
        defer { latest = picture }
        guard let before = latest else { return event("o", CastText.whole(picture)) }
        guard (before.width, before.height) == (picture.width, picture.height) else {
            return event("r", "\(picture.width)x\(picture.height)") + event("o", CastText.whole(picture))
        }
        let change = CastText.change(from: before, to: picture)
        return change.isEmpty ? nil : event("o", change)
    }

    private func event(_ kind: String, _ text: String) -> String {
        "[\(Self.seconds(latestTime)), \"\(kind)\", \(JSONLine.quoted(text))]\n"
    }

    /// A time to the millisecond.
    static func seconds(_ time: Double) -> String {
        let milliseconds = Int64((max(0, time.isFinite ? time : 0) * 1000).rounded())
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

/// The latest part of a film, in a bounded amount of memory.
///
/// It consists of stretches that begin with a whole picture; the oldest one is removed when the film is too long.
package struct CastTail: Sendable {
    /// The most bytes of a film.
    static let limit = 4 << 20
    /// The length of a stretch, in bytes.
    private static let stretch = limit / 8

    private struct Stretch: Sendable {
        var width: Int
        var height: Int
        var start: Double
        var film: Cast
        var text = ""
    }

    private var stretches: [Stretch] = []
    private var bytes = 0
    private var latest: CellBuffer?
    private var latestTime = 0.0

    package init() {}

    /// Adds a picture; the same one again adds nothing.
    package mutating func add(_ picture: CellBuffer, at seconds: Double) {
        let isSame = latest.map { $0.width == picture.width && $0.height == picture.height && $0 == picture } ?? false
        guard !isSame else { return }
        latest = picture
        latestTime = max(latestTime, seconds)
        let fits = stretches.last.map { $0.text.utf8.count < Self.stretch } ?? false
        if !fits {
            stretches.append(
                Stretch(
                    width: picture.width, height: picture.height, start: latestTime, film: Cast(start: latestTime)))
        }
        let index = stretches.count - 1
        guard let lines = stretches[index].film.add(picture, at: latestTime) else { return }
        stretches[index].text += lines
        bytes += lines.utf8.count
        while bytes > Self.limit, stretches.count > 1 { bytes -= stretches.removeFirst().text.utf8.count }
    }

    /// The film as a file; `nil` if there is no picture.
    package func file(title: String) -> String? {
        guard let first = stretches.first else { return nil }
        var result = Cast.header(width: first.width, height: first.height, title: title)
        for stretch in stretches {
            let offset = stretch.start - first.start
            for line in stretch.text.split(separator: "\n") { result += Self.shifted(line, by: offset) + "\n" }
        }
        return result
    }

    /// A line of the film with a later time.
    private static func shifted(_ line: Substring, by offset: Double) -> String {
        guard offset > 0, let comma = line.firstIndex(of: ","), let time = Double(line[..<comma].dropFirst()) else {
            return String(line)
        }
        return "[" + Cast.seconds(time + offset) + line[comma...]
    }
}

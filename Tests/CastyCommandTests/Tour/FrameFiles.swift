import Foundation

/// The pictures of the tour that were looked at once, as text files below `Tests/Frames`.
enum FrameFiles {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "Frames")

    /// Whether pictures replace their files: `CASTY_DRAW_FRAMES=1`.
    static var areDrawn: Bool { ProcessInfo.processInfo.environment["CASTY_DRAW_FRAMES"] == "1" }

    /// `2-a-node-dies-3-80x24.txt`: the mission, the caption, the size.
    static func name(_ mission: String, caption: Int, width: Int) -> String {
        let height = width == 80 ? 24 : width == 120 ? 40 : 60
        return "\(mission.prefix { $0 != "." })-\(caption)-\(width)x\(height).txt"
    }

    static func read(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    static func write(_ text: String, to name: String) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    /// The first line that differs, as it is and as it was; `nil` if the texts are equal.
    static func difference(_ text: String, _ known: String) -> String? {
        let (lines, old) = (lines(text), lines(known))
        guard let index = (0..<max(lines.count, old.count)).first(where: { line(lines, $0) != line(old, $0) }) else {
            return nil
        }
        return "line \(index + 1)\nis:  \(line(lines, index) ?? "-")\nwas: \(line(old, index) ?? "-")"
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private static func line(_ lines: [Substring], _ index: Int) -> Substring? {
        lines.indices.contains(index) ? lines[index] : nil
    }
}

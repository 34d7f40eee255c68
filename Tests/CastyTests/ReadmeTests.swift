import Foundation
import Testing

/// What the README shows must compile: each of its lines of Swift stands, in order, in a file that is compiled.
@Suite("The code in the README")
struct ReadmeTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()

    /// The lines of a text without their indentation, and without empty ones.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    @Test("stands in the compiled example, line by line")
    func isCompiled() throws {
        let folder = Self.root
        let readme = try String(contentsOf: folder.appending(path: "../../README.md"), encoding: .utf8)
        let example = lines(
            try String(contentsOf: folder.appending(path: "ReadmeExample.swift"), encoding: .utf8))
        let blocks = readme.components(separatedBy: "```swift\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(blocks.count >= 2)
        for block in blocks {
            var rest = example[...]
            for line in lines(block) where !line.hasPrefix("import ") {
                let index = rest.firstIndex(of: line)
                #expect(index != nil, "not in the compiled example, or not in this order: \(line)")
                if let index { rest = rest[(index + 1)...] }
            }
        }
    }
}

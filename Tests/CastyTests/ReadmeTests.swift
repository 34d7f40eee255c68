import Foundation
import Testing

/// What the README and the pages of the documentation show must compile: each of their lines of Swift stands, in order,
/// in a file that is compiled.
@Suite("The code in the documentation")
struct ReadmeTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    private static let catalog = root.appending(path: "../../Sources/Casty/Casty.docc")

    /// The names of the pages.
    private static let pages: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: catalog.path)) ?? []).filter { $0.hasSuffix(".md") }
        .sorted()

    /// The lines of a text without their indentation, and without empty ones.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private func read(_ path: String, in folder: URL) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    private func blocks(_ page: String) -> [String] {
        page.components(separatedBy: "```swift\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    private func compare(_ page: String, with examples: String...) throws {
        let example = try examples.flatMap { lines(try read($0, in: Self.root)) }
        for block in blocks(page) {
            var rest = example[...]
            for line in lines(block) where !line.hasPrefix("import ") {
                let index = rest.firstIndex(of: line)
                #expect(index != nil, "not in the compiled example, or not in this order: \(line)")
                if let index { rest = rest[(index + 1)...] }
            }
        }
    }

    @Test("the README's stands in the compiled example, line by line")
    func isCompiled() throws {
        let readme = try read("../../README.md", in: Self.root)
        #expect(!blocks(readme).isEmpty)
        try compare(readme, with: "ReadmeExample.swift")
    }

    @Test("a page's stands in the compiled example, line by line", arguments: pages)
    func pageIsCompiled(name: String) throws {
        let page = try read(name, in: Self.catalog)
        // A page about commands has blocks of another kind.
        #expect(name == "Casty.md" || page.contains("```"))
        try compare(
            page, with: "PagesExample.swift", "ReadmeExample.swift", "../CastyStoreConformanceTests/FileStore.swift",
            "../CastyStoreConformanceTests/FileStoreTests.swift")
    }

    @Test("the landing page leads to every other page")
    func landing() throws {
        let landing = try read("Casty.md", in: Self.catalog)
        #expect(Self.pages.count > 5)
        for name in Self.pages where name != "Casty.md" {
            #expect(landing.contains("<doc:\(name.dropLast(3))>"), "\(name)")
        }
    }
}

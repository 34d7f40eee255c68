import Foundation
import FoundationXML
import Testing

@testable import CastyConsole

@Suite("SVG of a frame")
struct SVGTests {
    /// Parses as XML, and collects what a reader sees.
    private final class Reader: NSObject, XMLParserDelegate {
        var texts: [String] = []
        var elements: [String] = []
        private var open = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            elements.append(name)
            open = ""
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) { open += text }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            if name == "text" { texts.append(open) }
        }
    }

    private func read(_ document: String) throws -> Reader {
        let parser = XMLParser(data: Data(document.utf8))
        let reader = Reader()
        parser.delegate = reader
        try #require(parser.parse(), "not well-formed: \(parser.parserError?.localizedDescription ?? "")")
        return reader
    }

    @Test("a frame is well-formed, and has every word of the screen")
    func frame() throws {
        var console = Fixture(width: 120, height: 40)
        console.run(10)
        let reader = try read(console.picture.svg(title: "casty"))
        let words = reader.texts.joined(separator: " ").split(separator: " ")
        for word in console.text.split(whereSeparator: \.isWhitespace).prefix(200) {
            // Runs of different styles split words.
            #expect(reader.texts.joined().contains(word) || words.contains(word), "\(word)")
        }
    }

    @Test("hostile text is only ever text")
    func hostile() throws {
        let evil = "</text></svg><script>alert(\"1\")</script>&amp;'\u{1B}]0;x\u{7}\u{202E}]]>"
        var buffer = CellBuffer(width: 100, height: 1)
        buffer.put(evil, x: 0, y: 0, .plain)
        let reader = try read(buffer.svg(title: evil))
        #expect(reader.elements.filter { $0 == "script" }.isEmpty)
        #expect(reader.elements.filter { $0 == "svg" }.count == 1)
        #expect(reader.texts.joined().contains("<script>alert(\"1\")</script>&amp;'"))
        #expect(!buffer.svg(title: evil).unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test("styles become colours, weight and decoration; reverse swaps the colours")
    func styles() {
        var buffer = CellBuffer(width: 20, height: 1)
        buffer.put("a", x: 0, y: 0, Style(foreground: 196, attributes: [.bold, .underline]))
        buffer.put("b", x: 1, y: 0, Style(foreground: 0, background: 214))
        buffer.put("c", x: 2, y: 0, Style(foreground: 196, attributes: .reverse))
        let document = buffer.svg(title: "")
        #expect(document.contains("fill=\"#ff0000\" font-weight=\"bold\" text-decoration=\"underline\">a<"))
        #expect(document.contains("height=\"16.5\" fill=\"#ffaf00\"/>"))
        #expect(document.contains("height=\"16.5\" fill=\"#ff0000\"/>"))
    }

    @Test("a wide character takes two columns, and what follows stays in its column")
    func wide() {
        var buffer = CellBuffer(width: 10, height: 1)
        buffer.put("漢a", x: 0, y: 0, .plain)
        let document = buffer.svg(title: "")
        #expect(document.contains("x=\"8\" y=\"20.8\" textLength=\"16.86\""))
        #expect(document.contains("x=\"24.86\" y=\"20.8\" textLength=\"8.43\""))
    }

    @Test("the nearest colour of the palette to each of its own colours is that colour")
    func nearest() {
        for index in 16..<256 {
            let colour = Palette256.colour(index)
            let found = Palette256.nearest(to: colour, among: 16..<256)
            #expect(Palette256.colour(found) == colour)
            #expect(Palette256.Colour(hex: colour.hex) == colour)
        }
        #expect(Palette256.Colour(hex: "#12345") == nil && Palette256.Colour(hex: "#12345g") == nil)
    }
}

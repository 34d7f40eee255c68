import Foundation
import FoundationXML
import Testing

@testable import CastyConsole

@Suite("A film as a picture that moves")
struct MovingSVGTests {
    private func picture(_ rows: String...) -> CellBuffer {
        var buffer = CellBuffer(width: 12, height: rows.count)
        for (y, row) in rows.enumerated() { _ = buffer.put(row, x: 0, y: y, Style()) }
        return buffer
    }

    private func isWellFormed(_ document: String) -> Bool { XMLParser(data: Data(document.utf8)).parse() }

    private func count(_ needle: String, in text: String) -> Int { text.components(separatedBy: needle).count - 1 }

    @Test("what does not change is drawn once, what does is shown while it lasts")
    func changes() {
        var film = MovingSVG()
        film.add(picture("title", "one"), at: 10)
        film.add(picture("title", "one"), at: 11)
        film.add(picture("title", "two"), at: 12)
        film.add(picture("title", "<&>"), at: 13)
        let document = film.document(title: "casty")
        #expect(isWellFormed(document))
        #expect(count(">title<", in: document) == 1)
        #expect(document.contains("begin=\"film.begin+0.000s\" dur=\"2.000s\""))
        #expect(document.contains("begin=\"film.begin+2.000s\" dur=\"1.000s\""))
        // The last picture is what a reader without movement sees.
        #expect(count("<g visibility=\"visible\">", in: document) == 1)
        #expect(document.contains("&lt;&amp;&gt;"))
        #expect(document.contains("dur=\"7.000s\""))
    }

    @Test("a row that comes back is drawn once")
    func returning() {
        var film = MovingSVG()
        film.add(picture("a"), at: 0)
        film.add(picture("b"), at: 1)
        film.add(picture("a"), at: 2)
        film.add(picture("b"), at: 3)
        let document = film.document(title: "")
        #expect(count(">a<", in: document) == 1)
        #expect(count(">b<", in: document) == 1)
        // Shown twice, and hidden twice.
        #expect(count("<set ", in: document) == 4)
    }

    @Test("one picture does not move, and none is no document")
    func still() {
        var film = MovingSVG()
        #expect(film.document(title: "") == "")
        film.add(picture("a"), at: 5)
        let document = film.document(title: "")
        #expect(isWellFormed(document))
        #expect(!document.contains("<set") && !document.contains("<animate"))
    }

    @Test("a long film is thinned out, and ends with its last picture")
    func long() {
        var film = MovingSVG()
        for number in 0..<5000 { film.add(picture("\(number)"), at: Double(number) * 0.25) }
        let document = film.document(title: "")
        #expect(count("<g visibility", in: document) <= 161)
        #expect(count("<g visibility", in: document) > 40)
        #expect(document.contains(">4999<"))
    }

    @Test("of a film whose size changed, the part of the last size is shown")
    func sizes() {
        var film = MovingSVG()
        film.add(picture("old", "old"), at: 0)
        film.add(picture("new"), at: 1)
        film.add(picture("newer"), at: 2)
        let document = film.document(title: "")
        #expect(!document.contains(">old<"))
        #expect(document.contains(">new<") && document.contains(">newer<"))
    }
}

import Testing

@testable import CastyConsole

@Suite("A bracketed paste")
struct PasteBufferTests {
    private func feed(_ text: String, _ paste: inout PasteBuffer, now: Double) {
        for scalar in text.unicodeScalars { paste.add(scalar, now: now) }
    }

    @Test("a paste without its end ends by itself, a second after its last character")
    func openPaste() {
        var paste = PasteBuffer()
        #expect(paste.deadline == nil && paste.expire(now: 99) == nil)
        paste.begin(now: 5)
        feed("kill", &paste, now: 5.5)
        #expect(paste.expire(now: 6.4) == nil && paste.deadline == 6.5)
        feed(" n2", &paste, now: 6.4)
        #expect(paste.expire(now: 7.3) == nil && paste.isOpen)
        #expect(paste.expire(now: 7.4) == "kill n2")
        #expect(!paste.isOpen && paste.expire(now: 99) == nil)
    }

    @Test("a paste with its end is one text, bounded, without what is no text")
    func closedPaste() {
        var paste = PasteBuffer()
        paste.begin(now: 0)
        feed("a", &paste, now: 0)
        paste.add(nil, now: 0)
        feed(String(repeating: "b", count: 20_000), &paste, now: 0)
        #expect(paste.end() == "a" + String(repeating: "b", count: 9999))
        #expect(!paste.isOpen)
    }
}

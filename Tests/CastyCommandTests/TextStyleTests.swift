import Testing

@testable import CastyCommand

@Suite("Colours and characters of the output")
struct TextStyleTests {
    private static func style(
        _ colours: TextStyle.Colours, terminal: Bool, _ environment: [String: String] = [:]
    ) -> TextStyle {
        TextStyle(colours, isTerminal: terminal) { environment[$0] }
    }

    @Test("colours are for terminals, unless NO_COLOR or the command line says otherwise")
    func colours() {
        #expect(Self.style(.auto, terminal: true).isColoured)
        #expect(!Self.style(.auto, terminal: false).isColoured)
        #expect(!Self.style(.auto, terminal: true, ["NO_COLOR": "1"]).isColoured)
        #expect(Self.style(.auto, terminal: true, ["NO_COLOR": ""]).isColoured)
        #expect(!Self.style(.auto, terminal: true, ["TERM": "dumb"]).isColoured)
        #expect(Self.style(.always, terminal: false, ["NO_COLOR": "1"]).isColoured)
        #expect(!Self.style(.never, terminal: true).isColoured)
    }

    @Test(
        "Unicode follows the locale of a terminal",
        arguments: [
            ([:], true), (["LANG": "C.UTF-8"], true), (["LANG": "de_DE.utf8"], true), (["LANG": "C"], false),
            (["LANG": "C.UTF-8", "LC_ALL": "POSIX"], false), (["LANG": "C", "LC_CTYPE": "en_GB.UTF-8"], true),
            (["LANG": "de_DE.UTF-8@euro"], true), (["LC_ALL": "", "LANG": "de_DE.ISO-8859-1"], false),
        ] as [([String: String], Bool)])
    func unicode(environment: [String: String], expected: Bool) {
        #expect(Self.style(.auto, terminal: true, environment).isUnicode == expected)
    }

    @Test("programs get the same characters in any locale")
    func programs() {
        #expect(Self.style(.auto, terminal: false, ["LC_ALL": "C"]).isUnicode)
    }

    @Test("marks have replacements in ASCII")
    func marks() {
        let ascii = TextStyle(isColoured: false, isUnicode: false)
        #expect(["✓", "✗", "·", "!", "?"].map(ascii.mark) == ["=", "X", "-", "!", "?"])
        #expect((0..<8).map(ascii.spinner).joined() == "|/-\\|/-\\")
    }
}

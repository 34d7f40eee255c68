import Testing

@testable import CastyConsole

@Suite("The syntax of the configuration file")
struct ConfigDocumentTests {
    private func values(_ text: String) throws -> [String: ConfigDocument.Value] {
        let document = try ConfigDocument(text)
        return Dictionary(document.tables[0].entries.map { ($0.key, $0.value) }) { first, _ in first }
    }

    @Test("texts, numbers, flags, lists, comments and both kinds of quotes")
    func values() throws {
        let found = try values(
            """
            # a comment
            a = "x # no comment"   # a comment
            b=12
            "c d" = true
            e = 'C:\\n'
            f = ["K", 'k',
                 # in a list
                 "\\u0041\\"\\\\",
            ]
            g = []
            """)
        #expect(
            found == [
                "a": .text("x # no comment"), "b": .number(12), "c d": .flag(true), "e": .text("C:\\n"),
                "f": .list([.text("K"), .text("k"), .text("A\"\\")]), "g": .list([]),
            ])
    }

    @Test("tables have names of parts, and their values know their lines; CRLF and a byte order mark are read")
    func tables() throws {
        let document = try ConfigDocument("\u{FEFF}x = 1\r\n[keys]\r\nk = \"K\"\r\n\r\n[ themes . \"a b\" ]\r\n")
        #expect(document.tables.map(\.name) == [[], ["keys"], ["themes", "a b"]])
        #expect(document.tables[1].entries.first?.line == 3)
        #expect(document.tables[2].line == 5)
    }

    @Test(
        "an error names its line and what was expected there",
        arguments: [
            ("a = 1\nb", "2: the line ends here; expected = and a value after b"),
            (
                "a = yes",
                "1: \"yes\" does not fit here; expected a text in quotes, a whole number, true, false or a list"
            ),
            ("a = 1 2", "1: \"2\" does not fit here; expected the end of the line"),
            ("a = \"x", "1: a text without its end; expected \""),
            ("a = [1, 2\nb = 3", "2: \"b\" does not fit here; expected , or ] in the list"),
            ("a = 1\na = 2", "2: a is set twice; expected one value"),
            ("[k]\n[k]", "2: [k] stands here twice; expected one table of a name"),
            ("[[k]]", "1: an array of tables is not read; expected one table, as [keys]"),
            ("a.b = 1", "1: a dotted key is not read; expected = and a value after a"),
            (
                "a = {b = 1}",
                "1: an inline table is not read; expected a text in quotes, a number, true, false or a list"
            ),
            ("a = \"\\x\"", "1: an unknown escape; expected \\\", \\\\, \\n, \\t, \\r or \\u with four digits"),
            ("a = \"\\uD800\"", "1: \\u without a character; expected 4 hexadecimal digits"),
            ("a = \"\"\"x\"\"\"", "1: a text of several lines is not read; expected one line"),
            ("= 1", "1: \"=\" does not fit here; expected a name, as theme, or a table, as [keys]"),
            (
                "a = 010",
                "1: \"010\" does not fit here; expected a text in quotes, a whole number, true, false or a list"
            ),
        ])
    func errors(text: String, message: String) {
        let error = #expect(throws: ConfigProblem.self) { try ConfigDocument(text) }
        #expect(error?.description == message)
    }

    @Test("no text traps: cut anywhere, with any character in between, and nested without end")
    func hostile() {
        let text = "a = [\"x\", 'y', 12] # c\n[themes.\"n\\u0041\"]\nup = \"1 on 2 bold\"\n"
        let scalars = Array(text.unicodeScalars)
        for end in 0...scalars.count {
            for extra in ["", "\"", "\\", "[", "]", "\u{0}", "\n", "=", "\u{202E}", "\\u12"] {
                let cut = String(String.UnicodeScalarView(scalars[..<end])) + extra
                _ = ConsoleConfig(cut + String(String.UnicodeScalarView(scalars[end...])))
                _ = ConsoleConfig(cut)
            }
        }
        #expect(throws: ConfigProblem.self) {
            try ConfigDocument("a = " + String(repeating: "[", count: 100_000))
        }
    }
}

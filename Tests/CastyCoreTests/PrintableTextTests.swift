import CastyCore
import Testing

@Suite("Texts for a terminal")
struct PrintableTextTests {
    @Test(
        "what a terminal acts on, or that changes how a text is read, is shown by its number",
        arguments: [
            0x00, 0x07, 0x09, 0x0A, 0x1B, 0x7F, 0x80, 0x9B, 0x61C, 0x180E, 0x200B, 0x200F, 0x2028, 0x202E, 0x2060,
            0x2064,
            0x2066, 0x2069, 0xFEFF, 0xE0001, 0xE0041, 0xE007F,
        ] as [UInt32])
    func hidden(value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect("a\(scalar)b".printable == "a\\u{\(String(value, radix: 16, uppercase: true))}b")
    }

    @Test("every other text stays as it is", arguments: ["", "plain", "Ä é 漢字 🙂", "a\u{301}", "שלום", "\\u{1B}"])
    func shown(text: String) {
        #expect(text.printable == text)
        #expect(text.printableLines == text)
    }

    @Test("only a text of several lines keeps its line breaks")
    func lines() {
        #expect("a\nb\u{1B}".printableLines == "a\nb\\u{1B}")
        #expect("a\nb".printable == "a\\u{A}b")
        #expect("a\r\nb".printableLines == "a\\u{D}\nb")
    }

    @Test("loopback addresses are those that only this machine reaches")
    func loopback() {
        for host in ["127.0.0.1", "127.255.0.9", "::1", "localhost"] {
            #expect(NodeAddress(host: host, port: 1).isLoopback, "\(host)")
        }
        for host in [
            "10.0.0.1", "128.0.0.1", "127.0.0.1.example.org", "::", "0.0.0.0", "127.0.0", "127.0.0.256", "shop",
        ] {
            #expect(!NodeAddress(host: host, port: 1).isLoopback, "\(host)")
        }
    }
}

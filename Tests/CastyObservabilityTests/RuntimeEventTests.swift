import CastyCore
import CastyObservability
import CastyReporting
import Testing

@Suite struct RuntimeEventTests {
    @Test("an event is one line of JSON with its names in a fixed order")
    func line() {
        let event = RuntimeEvent(
            time: Instant(nanoseconds: 1_234_000_000), id: EventID(node: "n1", number: 812), kind: .memberUnreachable,
            subject: "n2", causes: [EventID(node: "n1", number: 790)])
        #expect(
            event.json
                == #"{"t":1.234,"id":"n1/812","node":"n1","event":"member-unreachable","subject":"n2","cause":["n1/790"]}"#
        )
    }

    @Test("text from outside cannot break the line")
    func escaping() {
        let event = RuntimeEvent(
            time: .start, id: EventID(node: "n1", number: 1), kind: .note, detail: .text("a\"b\\c\n\u{1B}[2J\u{7F}"))
        #expect(event.json.contains(#""text":"a\"b\\c\n\u001b[2J\u007f""#))
        #expect(!event.json.contains("\n"))
    }

    @Test(
        "seconds keep at least three digits and lose trailing zeros",
        arguments: [(0, "0.000"), (41_300_000_000, "41.300"), (1_000_500_000, "1.0005"), (999_999, "0.000999")]
            as [(Int64, String)])
    func seconds(nanoseconds: Int64, text: String) {
        #expect(RuntimeEvent.seconds(Instant(nanoseconds: nanoseconds)) == text)
    }

    @Test("JSON holds nothing that a terminal acts on, only its number")
    func unprintable() {
        #expect(
            JSONLine.quoted("a\u{1B}[31m\u{85}\u{202E}\u{200B}\u{E0041}é")
                == #""a\u001b[31m\u0085\u202e\u200b\udb40\udc41é""#)
    }
}

import CastyCore
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Times as texts")
struct MomentTextTests {
    @Test(
        "a time is read as it is written",
        arguments: [
            (41_300, "41.3", "41.3"), (0, "0.0", "0.0"), (761_250, "12:41.25", "761.25"),
            (599_999, "599.999", "599.999"),
            (3_723_400, "1:02:03.4", "3723.4"),
        ])
    func readAndWritten(milliseconds: Int, text: String, seconds: String) {
        #expect(Words.exactMoment(.start + .milliseconds(milliseconds)) == text)
        #expect(Words.seconds(ofMoment: text) == seconds)
    }

    @Test(
        "other texts are no times",
        arguments: ["", "1:", ":1", "1:2:3:4", "a", "1.", "1.2.3", "-1", "5s", "1234567890"])
    func noTimes(text: String) {
        #expect(Words.seconds(ofMoment: text) == nil)
    }

    @Test("seek and bookmarks take times as the screen shows them")
    func seek() {
        var console = Fixture()
        console.type(":seek 50:00.5")
        #expect(console.press(.enter) == [.submit(line: "seek 3000.5s")])
        console.type(":seek 12")
        #expect(console.press(.enter) == [.submit(line: "seek 12s")])
        console.run(3)
        console.type("bB")
        #expect(console.text.contains("seek 0.3"))
        #expect(console.press(.enter) == [.submit(line: "seek 300ms")])
    }
}

import CastyObservability
import CastyScenario
import Foundation
import Testing

@testable import CastyConsole

@Suite("Saving a moment, and exports")
struct SavingTests {
    private func killed() -> Fixture {
        var console = Fixture(width: 120, height: 40)
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(40)
        return console
    }

    @Test("W saves the screen as SVG, a film of it and the story, in a folder named by run and time")
    func key() throws {
        var console = killed()
        guard case .save(let moment, folder: nil)? = console.press(.character("W")).first else {
            Issue.record("nothing is saved")
            return
        }
        #expect(moment.name == "casty-seed42-5.0s")
        #expect(moment.drawing == console.picture.svg(title: moment.title))
        #expect(moment.story.contains("n3 killed 1.0"))
        #expect(moment.story.contains("Nodes at 5.0: n1 running, n2 running, n3 killed"))
        #expect(moment.film.split(separator: "\n").count == 2)
    }

    @Test("the palette names the folder, and what it shows is not in the picture")
    func palette() {
        var console = killed()
        let before = console.picture
        console.type(":save moment here")
        #expect(console.picture != before)
        guard case .save(let moment, folder: "here")? = console.press(.enter).first else {
            Issue.record("nothing is saved")
            return
        }
        #expect(moment.drawing == before.svg(title: moment.title))
    }

    @Test("an observer saves what it sees, even read-only; the run of others tells where everything is")
    func observer() {
        var options = ConsoleOptions()
        options.readOnly = true
        var attached = Fixture(mode: .attached, options: options)
        guard case .save(let moment, folder: nil)? = attached.press(.character("W")).first else {
            Issue.record("nothing is saved")
            return
        }
        #expect(moment.name.hasPrefix("casty-attached-"))
        guard case .failure(let reason) = attached.state.saved(in: "x") else {
            Issue.record("an observer has no scenario")
            return
        }
        #expect(reason.text.contains("no scenario"))
        #expect(Fixture().state.saved(in: "x") == .success(.control(.saveMoment("x"))))
    }

    @Test("a quiet run has no story, and says so")
    func quiet() {
        let console = Fixture()
        #expect(console.state.moment(console.feed).story.contains("No fault so far."))
    }

    private func export(_ words: String, _ console: inout Fixture) -> (text: String, file: String)? {
        console.type(":export \(words)")
        guard case .export(let text, let file)? = console.press(.enter).first else { return nil }
        return (text, file)
    }

    @Test("json is one document, ndjson a line for each event")
    func json() throws {
        var console = killed()
        let count = console.feed.log.events.count
        let document = try #require(export("json", &console))
        #expect(document.file == "casty.json")
        let list = try #require(try JSONSerialization.jsonObject(with: Data(document.text.utf8)) as? [[String: Any]])
        #expect(list.count == count)
        let lines = try #require(export("ndjson x", &console))
        #expect(lines.file == "x")
        #expect(lines.text.split(separator: "\n").count == count)
        for line in lines.text.split(separator: "\n") {
            let event = try JSONSerialization.jsonObject(with: Data(line.utf8))
            #expect(event is [String: Any])
        }
    }

    @Test("csv has the rows of the focused pane")
    func csv() throws {
        var console = killed()
        let members = try #require(export("csv", &console)).text.split(separator: "\r\n")
        #expect(members.count == 6)
        #expect(members[0].hasPrefix("node,address,state,status,phi,"))
        #expect(members[3].hasPrefix("n3,127.0.0.3:25520,killed,"))
        console.type("3")
        #expect(try #require(export("csv", &console)).text.split(separator: "\r\n").count == 65)
        console.type("6")
        let events = try #require(export("csv", &console)).text.split(separator: "\r\n")
        #expect(events.count == console.feed.log.events.count + 1)
    }

    @Test("a value with a comma, a quote or a line break is quoted")
    func quoting() {
        var table = CSVTable(["a", "b"])
        table.add(["x,\"y\"", "1\n2"])
        #expect(table.text == "a,b\r\n\"x,\"\"y\"\"\",\"1\n2\"\r\n")
    }

    @Test("svg draws the screen")
    func svg() throws {
        var console = killed()
        let drawing = try #require(export("svg", &console))
        #expect(drawing.file == "casty.svg")
        #expect(drawing.text.contains("</svg>"))
    }
}

import CastyInvariants
import CastyScenario
import CastyTestbed
import Foundation
import Testing

@testable import CastyCommand

@Suite("The tour")
struct MissionTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "demo/tour")

    @Test("the program holds each file of demo/tour as it is", arguments: Mission.all.map(\.number))
    func sameText(number: Int) throws {
        let mission = Mission.all[number - 1]
        let text = try String(contentsOf: Self.folder.appending(path: mission.file), encoding: .utf8)
        #expect(mission.text == text, "copy demo/tour/\(mission.file) to MissionTexts.swift")
    }

    @Test("there is no other file in demo/tour")
    func allFiles() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(files.sorted() == Mission.all.map(\.file))
    }

    @Test("each mission passes as a scenario", arguments: Mission.all.map(\.number))
    func passes(number: Int) throws {
        let result = ScenarioRunner(try Mission.all[number - 1].scenario, checkers: .all).run()
        #expect(result.status == .passed)
        #expect(result.expectations > 3)
    }

    @Test(
        "each mission begins with a caption, and each caption fits a small screen", arguments: Mission.all.map(\.number)
    )
    func captions(number: Int) throws {
        let notes = try Mission.all[number - 1].scenario.body.compactMap { statement -> String? in
            if case .immediate(.note(let text)) = statement.command { text } else { nil }
        }
        #expect((4...8).contains(notes.count))
        if case .immediate(.note) = try Mission.all[number - 1].scenario.body.first?.command {
        } else {
            Issue.record("the first line is no note")
        }
        // Three rows of 76 columns, with room for the ends of the lines.
        for note in notes { #expect(note.count <= 215, "\(note)") }
    }

    @Test("the list has a line of 80 columns for each, with its number")
    func list() {
        #expect(Mission.list.count == 5)
        #expect(Mission.list[1].hasPrefix("  2  A node dies"))
        for line in Mission.list { #expect(line.count < 80) }
    }

    @Test("a mission is chosen by its number")
    func chosen() {
        #expect(Mission.chosen(" 3 ")?.number == 3)
        #expect(["", "0", "6", "x", "33"].allSatisfy { Mission.chosen($0) == nil })
    }

    @Test("the last words name the next mission, except in the last")
    func closing() {
        #expect(Mission.all[0].closing.contains("casty tour 2, a node dies"))
        #expect(!Mission.all[4].closing.contains("casty tour"))
    }
}

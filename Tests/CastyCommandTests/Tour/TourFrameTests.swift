import CastyConsole
import Foundation
import Testing

@testable import CastyCommand

/// The key moments of the tour, as frames that were looked at. After a change of what they show, draw them again with
/// `CASTY_DRAW_FRAMES=1 swift test --filter TourFrameTests`, and look at the differences.
@Suite("Frames of the tour")
struct TourFrameTests {
    private static let moments: [[MissionReel.Moment]] = [
        [.init(caption: 2), .init(caption: 4, keys: [.character("3")])],
        [
            .init(caption: 3, keys: [.down, .down, .character("w")]), .init(caption: 4),
            .init(caption: 6, keys: [.character("5")]),
        ],
        [.init(caption: 3, keys: [.character("2")]), .init(caption: 5, keys: [.down])],
        [.init(caption: 3, keys: [.character("4")]), .init(caption: 4)],
        [.init(caption: 3, keys: [.character("3")]), .init(caption: 5, keys: [.character("6")])],
    ]

    private static func files(of mission: Mission) -> [String] {
        moments[mission.number - 1].flatMap { moment in
            MissionReel.sizes.map { FrameFiles.name(mission.file, caption: moment.caption, width: $0.0) }
        }
    }

    @Test("each key moment looks as it did", .timeLimit(.minutes(10)), arguments: Mission.all.map(\.number))
    func keyMoments(number: Int) throws {
        let mission = Mission.all[number - 1]
        let reel = try MissionReel.play(mission, drawing: Self.moments[number - 1])
        #expect(reel.isScriptDone, "the mission does not end within \(reel.turns) turns")
        #expect(reel.refusals == [])
        #expect(reel.pictures.count == Self.files(of: mission).count)
        for picture in reel.pictures {
            let name = FrameFiles.name(mission.file, caption: picture.caption, width: picture.width)
            if FrameFiles.areDrawn { try FrameFiles.write(picture.text, to: name) }
            let difference = FrameFiles.difference(picture.text, try FrameFiles.read(name))
            #expect(difference == nil, "\(name) \(difference ?? "")")
        }
    }

    @Test("a mission that is played again looks the same")
    func again() throws {
        let moments = Self.moments[1]
        let first = try MissionReel.play(Mission.all[1], drawing: moments).pictures.map(\.text)
        #expect(try MissionReel.play(Mission.all[1], drawing: moments).pictures.map(\.text) == first)
        #expect(Set(first).count == first.count)
    }

    @Test("there is no file of another moment")
    func allFiles() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: FrameFiles.folder.path)
        #expect(files.sorted() == Mission.all.flatMap(Self.files).sorted())
    }

    @Test("a difference is found, with its line")
    func differences() {
        #expect(FrameFiles.difference("a\nb\n", "a\nb\n") == nil)
        #expect(FrameFiles.difference("a\nb\n", "a\nc\n") == "line 2\nis:  b\nwas: c")
        #expect(FrameFiles.difference("a", "a\nc") == "line 2\nis:  -\nwas: c")
    }
}

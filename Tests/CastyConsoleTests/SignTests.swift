import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Signs on the screen")
struct SignTests {
    /// What stands in sentences, and the lines of frames.
    private static let plain = Set("-+./:;,()'\"=<>!?%*#~|[]{}&_@^ ".unicodeScalars.map(\.value))

    private static func frames() -> [CellBuffer] {
        var pictures: [CellBuffer] = []
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            var console = Fixture(width: width, height: height)
            console.cluster.links = [
                LinkSnapshot(from: "n2", to: "n3", cut: true), LinkSnapshot(from: "n1", to: "n3", loss: 0.05),
            ]
            console.cluster.nodes[1].drained = true
            console.run(10)
            console.cluster.silence(3, .killed)
            console.cluster.silence(4, .frozen)
            console.press(.character(" "))
            for _ in 0..<6 {
                console.run(25)
                for pane in "12345678" {
                    console.type(String(pane))
                    pictures.append(console.picture)
                }
            }
        }
        return pictures
    }

    @Test("each sign that frames show is explained in the help")
    func frameSigns() {
        let explained = Set(SignTable.signs.flatMap { $0.sign.unicodeScalars }.map(\.value))
        var unknown = Set<UInt32>()
        for picture in Self.frames() {
            for cell in picture.cells where cell.scalar > 0x7E && !(0x2500...0x257F).contains(cell.scalar) {
                if !explained.contains(cell.scalar) { unknown.insert(cell.scalar) }
            }
        }
        #expect(unknown.map { String(UnicodeScalar($0) ?? "?") }.sorted() == [])
    }

    @Test("each mark of a status and of an event is explained for its pane")
    func marks() {
        func isExplained(_ mark: String, in pane: Pane) -> Bool {
            SignTable.signs.contains { $0.sign == mark && $0.panes?.contains(pane) == true }
        }
        for status in DisplayStatus.allCases { #expect(isExplained(status.mark, in: .members), "\(status)") }
        for kind in EventKind.allCases { #expect(isExplained(EventWords.mark(of: kind), in: .events), "\(kind)") }
    }

    @Test("the help finds a sign by itself and by its meaning, and Enter on it runs nothing")
    func help() {
        var console = Fixture(width: 120, height: 40)
        console.type("?◆")
        #expect(console.text.contains("◆  sign: the leader"))
        console.press(.escape)
        console.type("?concurrent:")
        #expect(console.text.contains("sign: concurrent") && console.text.contains("(Gossip)"))
        #expect(console.press(.enter) == [])
        #expect(console.state.dialogs.modal != nil)
    }
}

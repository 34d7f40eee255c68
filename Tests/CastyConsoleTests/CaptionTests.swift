import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Captions of a played script")
struct CaptionTests {
    private static let note =
        "n3 crashes now, without a goodbye. The others only notice that its heartbeats stop. "
        + "Watch the pane Phi: the longer the silence, the higher the phi of n3."

    private static func console(waits: Bool, width: Int = 80, height: Int = 24, tier: GlyphTier = .unicode) -> Fixture {
        var console = Fixture(width: width, height: height, tier: tier)
        console.run(10)
        let isNew = console.state.show(Caption(title: "Tour 2 of 5: A node dies", text: note, waits: waits))
        precondition(isNew)
        return console
    }

    @Test("a caption stands over the full width, above the line of keys")
    func place() {
        let lines = Self.console(waits: true).lines
        #expect(lines[19].hasPrefix("── Tour 2 of 5: A node dies ──"))
        #expect(lines[19].hasSuffix("── [Space] goes on ──"))
        #expect(lines[20] == "  n3 crashes now, without a goodbye. The others only notice that its")
        #expect(lines[21] == "  heartbeats stop. Watch the pane Phi: the longer the silence, the higher the")
        #expect(lines[23].hasPrefix(" [?]help"))
        #expect(lines[18].hasPrefix("╰"))
    }

    @Test("the panes tile what a caption leaves of the body", arguments: [2, 4, 6])
    func tiling(height: Int) {
        for (columns, rows) in [(40, 24), (80, 24), (100, 30), (120, 40), (160, 48), (200, 60)] {
            let layout = Layout(
                width: columns, height: rows, focus: .members, recent: [.members], zoomed: false, captionHeight: height)
            let area = layout.slots.reduce(0) { $0 + $1.rect.width * $1.rect.height }
            #expect(area == layout.body.width * layout.body.height)
            #expect(layout.slots.allSatisfy { layout.body.intersection($0.rect) == $0.rect && $0.rect.height >= 3 })
            #expect(layout.caption?.y == layout.body.maxY && layout.caption?.maxY == layout.footer.y)
        }
    }

    @Test("any size can be drawn with a caption, also in ASCII")
    func sizes() {
        for (columns, rows) in [(0, 0), (1, 1), (39, 12), (40, 12), (41, 13), (79, 23), (80, 24), (210, 62)] {
            let console = Self.console(waits: true, width: columns, height: rows, tier: .ascii)
            #expect(console.picture.cells.count == columns * rows)
            #expect(console.text.utf8.allSatisfy { $0 < 0x80 })
        }
    }

    @Test("a long caption leaves the panes three quarters of the screen, and says that it goes on")
    func long() {
        let lines = CaptionView.lines(String(repeating: "word ", count: 200), width: 80, most: 5)
        #expect(lines.count == 5)
        #expect(lines.last?.hasSuffix("…") == true)
        let caption = Caption(title: "", text: String(repeating: "word ", count: 200), waits: false)
        #expect(CaptionView.height(of: caption, width: 80, height: 24) == 6)
        #expect(CaptionView.height(of: caption, width: 39, height: 24) == 0)
    }

    @Test("space goes on where a caption waits, and marks a node elsewhere")
    func space() {
        var console = Self.console(waits: true)
        #expect(console.press(.character(" ")) == [.submit(line: "play")])
        #expect(console.state.selection.marked.isEmpty)
        _ = console.state.show(Caption(title: "", text: "that was it", waits: false))
        #expect(console.press(.character(" ")) == [])
        #expect(console.state.selection.marked == ["n1"])
    }

    @Test("in the palette a space is a letter, also where a caption waits")
    func palette() {
        var console = Self.console(waits: true)
        console.press(.character(":"))
        #expect(console.type("kill ") == [])
        #expect(console.state.dialogs.modal != nil)
    }

    @Test("Esc puts a caption away, the next one comes back")
    func escape() {
        var console = Self.console(waits: false)
        console.press(.escape)
        #expect(console.state.captionHeight == 0)
        let isNew = console.state.show(Caption(title: "", text: "another", waits: false))
        #expect(isNew && console.state.captionHeight == 2)
        let isNewAgain = console.state.show(Caption(title: "", text: "another", waits: false))
        #expect(!isNewAgain)
    }

    @Test("while there are captions, the notes of the script are not among the events")
    func notes() {
        var console = Fixture()
        for (number, reason) in [(1, EventReason.text("there is no n9")), (2, nil)] {
            console.cluster.events.append(
                RuntimeEvent(
                    time: console.cluster.now, id: EventID(node: EventID.testbed, number: UInt64(number)), kind: .note,
                    reason: reason, detail: .text(Self.note), line: number))
        }
        console.look()
        let all = EventList(console.feed.log, console.state).entries.count
        _ = console.state.show(Caption(title: "", text: Self.note, waits: false))
        #expect(EventList(console.feed.log, console.state).entries.count == all - 1)
    }
}

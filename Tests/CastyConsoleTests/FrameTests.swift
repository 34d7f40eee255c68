import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Frames")
struct FrameTests {
    @Test("a quiet cluster at 80x24 looks exactly so")
    func quietCluster() {
        var console = Fixture()
        console.run(20)
        #expect(console.text == Golden.quiet)
    }

    @Test("a killed node is suspected, explained and shown as the cause")
    func killedNode() {
        var console = Fixture()
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(30)
        console.press(.down, .down)
        console.type("w")
        #expect(console.text == Golden.killed)
    }

    @Test("a drained node has a mark, and the shards say who is drained")
    func drainedNode() {
        var console = Fixture(width: 160, height: 48)
        console.cluster.entities = 40
        console.run(20)
        #expect(!console.text.contains("drained"))
        console.cluster.nodes[1].drained = true
        console.run(1)
        #expect(console.text.contains("up ▽"))
        #expect(console.text.contains("▽ drained"))
        #expect(console.text.contains("drained n2"))
    }

    @Test("without nodes every pane says how to begin")
    func empty() {
        var console = Fixture(nodes: 0, width: 200, height: 60)
        for pane in Pane.allCases {
            console.type("\(pane.rawValue)")
            #expect(console.text.contains("no nodes yet: press a"))
        }
    }

    @Test(
        "no size traps, with anything on top",
        arguments: ["", "K", "?", ":kill ", "s", "q", "z", "6/x", "3", "4", "5", "7", "8"])
    func everySize(keys: String) {
        var console = Fixture()
        console.cluster.silence(3, .killed)
        console.run(30)
        console.type(keys)
        var sizes: [(Int, Int)] = []
        for width in stride(from: 0, through: 210, by: 7) { sizes += [1, 12, 24, 31, 62].map { (width, $0) } }
        for height in stride(from: 0, through: 62, by: 2) { sizes += [40, 80, 100, 163].map { ($0, height) } }
        for (width, height) in sizes {
            console.state.resize(width: width, height: height)
            let picture = console.picture
            #expect(picture.cells.count == width * height)
        }
    }

    @Test("the panes tile the body at every size")
    func tiling() {
        for width in 40...210 {
            for height in 12...62 {
                let layout = Layout(width: width, height: height, focus: .members, recent: [.members], zoomed: false)
                let area = layout.slots.reduce(0) { $0 + $1.rect.width * $1.rect.height }
                #expect(area == layout.body.width * layout.body.height)
                for (index, slot) in layout.slots.enumerated() {
                    #expect(layout.body.intersection(slot.rect) == slot.rect)
                    for other in layout.slots.dropFirst(index + 1) {
                        #expect(slot.rect.intersection(other.rect).isEmpty)
                    }
                }
            }
        }
    }

    @Test("without colours no cell has one, in every theme", arguments: ThemeName.allCases)
    func mono(theme: ThemeName) {
        var options = ConsoleOptions()
        options.theme = Theme(theme)
        var console = Fixture(width: 200, height: 60, depth: .none, options: options)
        console.cluster.silence(3, .killed)
        console.run(30)
        #expect(console.picture.cells.allSatisfy { $0.style.foreground < 0 && $0.style.background < 0 })
        console.state = ConsoleState(options: options, mode: .live, depth: .eight)
        console.state.resize(width: 200, height: 60)
        #expect(console.picture.cells.allSatisfy { $0.style.foreground < 8 && $0.style.background < 8 })
    }

    @Test("the ASCII tier draws ASCII only", arguments: ["", "K", "?", ":", "7w", "8", "4", "5"])
    func ascii(keys: String) {
        var console = Fixture(width: 120, height: 40, tier: .ascii)
        console.cluster.silence(3, .killed)
        console.run(30)
        console.type(keys)
        #expect(console.picture.cells.allSatisfy { $0.scalar < 0x7F })
        #expect(!console.text.contains("?n") && !console.lines[1].contains("?"))
    }

    @Test("hostile names never reach the terminal")
    func hostile() {
        var console = Fixture(width: 200, height: 60)
        let name = "n9\u{1B}[2J\u{202E}\u{7}\u{9B}31m\u{0}\u{2028}"
        var snapshot = console.cluster.snapshot()
        snapshot.nodes[1].name = name
        snapshot.nodes[0].membership.members[1].name = name
        snapshot.nodes[0].membership.peers[0].name = name
        snapshot.nodes[0].sharding[0].shards[0].entities[0].id = name
        let event = RuntimeEvent(
            time: .start, id: EventID(node: name, number: 1), kind: .messageLost, subject: name, entity: name,
            reason: .text(name), detail: .text(name))
        console.feed.take(snapshot, events: [event])
        for keys in ["", "2", "3", "4", "5", "6w", "8", "1", "K"] {
            console.type(keys)
            for cell in console.picture.cells where cell.scalar != 0 {
                guard case .columns = CharacterWidth.of(cell.scalar) else {
                    #expect(cell.scalar == 0xFFFD, "U+\(String(cell.scalar, radix: 16))")
                    continue
                }
            }
        }
    }

    @Test("wide characters are cut as a whole and never leave a half behind")
    func wide() {
        var buffer = CellBuffer(width: 5, height: 1)
        buffer.put("ab日本語", x: 0, y: 0, .plain)
        #expect(buffer.plainText() == "ab日\n")
        buffer.put("x", x: 3, y: 0, .plain)
        #expect(buffer.plainText() == "ab x\n")
    }

    @Test("a cell is twelve bytes, as the terminal's shim reads it")
    func cellLayout() {
        #expect(MemoryLayout<Cell>.size == 12 && MemoryLayout<Cell>.stride == 12)
        #expect(MemoryLayout<Cell>.offset(of: \.style) == 4 && MemoryLayout<Cell>.offset(of: \.width) == 10)
    }

    @Test("a click focuses a pane and selects the row under it")
    func clicks() {
        var console = Fixture()
        console.press(.press(x: 5, y: 5))
        #expect(console.state.selection.node == "n3")
        console.press(.press(x: 45, y: 15))
        #expect(console.state.panes.focus == .events)
        console.press(.press(x: 14, y: 11))
        #expect(console.state.panes.focus == .network)
        console.press(.press(x: 5, y: 12), .press(x: 3, y: 23))
        #expect(console.state.dialogs.modal != nil)
    }
}

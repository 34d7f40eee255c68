import CastyBenchmarks
import CastyConsole
import Testing

@Suite("Frames for benchmarks")
struct ConsoleBenchTests {
    @Test("equal pictures need no bytes, and a changed letter a movement and itself")
    func letters() {
        var old = CellBuffer(width: 20, height: 3)
        old.put("t=1.0", x: 2, y: 1, .plain)
        var new = old
        #expect(FrameBytes.count(from: old, to: new) == 0)
        new.put("2", x: 4, y: 1, .plain)
        // ESC [ 2 ; 5 H and the letter, between the marks of a frame.
        #expect(FrameBytes.count(from: old, to: new) == 16 + 6 + 1)
        new.put("3", x: 6, y: 1, .plain)
        #expect(FrameBytes.count(from: old, to: new) == 16 + 6 + 3, "a short gap is written again")
    }

    @Test("a style is sent once for a run of letters, and given up at its end")
    func styles() {
        let old = CellBuffer(width: 20, height: 3)
        var new = old
        new.put("up", x: 0, y: 0, Style(foreground: 77))
        // ESC [ 1 ; 1 H, ESC [ 0 ; 38;5;77 m, two letters, ESC [ m.
        #expect(FrameBytes.count(from: old, to: new) == 16 + 6 + 11 + 2 + 3)
    }

    @Test("a quiet cluster changes the screen with its second and its columns only")
    func quiet() {
        var stage = ConsoleStage(nodes: 5, shards: 64, width: 120, height: 40, loaded: false)
        stage.draw()
        var changes = 0
        for _ in 0..<100 {
            let before = stage.buffer
            stage.pass(.milliseconds(50))
            stage.draw()
            if before != stage.buffer { changes += 1 }
        }
        #expect(changes > 0)
        #expect(changes <= 20, "four columns a second, for five seconds")
    }
}

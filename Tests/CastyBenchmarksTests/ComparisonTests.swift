import Testing

@testable import CastyBenchmarks

@Suite("Figures beside other systems'")
struct ComparisonTests {
    @Test("a peer's names and units become this program's")
    func names() {
        let output = """
            {"peer":"erlang","tag":"nospin","metric":"ask_p50","unit":"ns","median":2080.5}
            {"peer":"erlang","tag":"default","metric":"remote_call_64callers","unit":"call/s","median":59000}
            {"peer":"caf","tag":"share2","metric":"ask_infinite_p99","unit":"us","median":2.1}
            {"peer":"erlang","metric":"remote_tell_100B_8senders","unit":"msg/s","median":1}
            {"peer":"erlang","metric":"idle_spawn","unit":"ns/proc","median":900}
            calibrating …
            """
        let read = PeerOutput(output, label: "peer")
        #expect(
            read.figures == [
                PeerFigure(figure: "ask from an actor, p50", source: "erlang nospin ask_p50", value: 2.0805),
                PeerFigure(
                    figure: "ask another process, 64 callers", source: "erlang default remote_call_64callers",
                    value: 59000),
                PeerFigure(figure: "ask from an actor, p99", source: "caf share2 ask_infinite_p99", value: 2.1),
            ])
        #expect(read.unmatched == ["remote_tell_100B_8senders", "idle_spawn"])
    }

    @Test("another build's lines are matched by name, and a user's counterparts come first")
    func builds() {
        let line = #"{"event":"bench","name":"ring of 1000","unit":"hops/s","median":7000000}"#
        #expect(
            PeerOutput(line, label: "old").figures == [PeerFigure(figure: "ring of 1000", source: "old", value: 7e6)])
        let seconds = #"{"event":"bench","name":"three nodes form","unit":"s","median":0.5}"#
        #expect(PeerOutput(seconds, label: "old").figures.map(\.value) == [0.5], "its own units stay")
        let own = #"{"metric":"hops","unit":"hops/s","median":5}"#
        #expect(PeerOutput(own, label: "old").figures.isEmpty)
        #expect(
            PeerOutput(own, label: "x", names: ["hops": "ring of 1000"]).figures
                == [PeerFigure(figure: "ring of 1000", source: "x hops", value: 5)])
    }

    @Test("ratios are taken within a round, and a round without one of the two is left out")
    func ratios() {
        var table = ComparisonTable()
        for (round, value) in [(1, 10.0), (2, 30), (3, 12)] {
            table.add(own: [PeerFigure(figure: "tell", source: "casty", value: value)], round: round)
        }
        for (round, value) in [(1, 5.0), (3, 4), (4, 1)] {
            table.add(other: [PeerFigure(figure: "tell", source: "peer", value: value)], round: round)
        }
        let rows = table.rows
        #expect(rows.count == 1)
        #expect(rows.first?.ratios == [2, 3])
        #expect(rows.first?.ratio == 2.5)
        #expect(rows.first?.own == 11)
        #expect(rows.first?.other == 4.5)
    }

    @Test("a known peer has a goal, which the median of the ratios meets or misses")
    func goals() {
        var table = ComparisonTable()
        table.add(own: [PeerFigure(figure: "ring of 1000", source: "casty", value: 70)], round: 1)
        table.add(
            other: [
                PeerFigure(figure: "ring of 1000", source: "erlang S1 ring_1000x1000", value: 10),
                PeerFigure(figure: "ring of 1000", source: "caf steal2 ring_1000", value: 10),
                PeerFigure(figure: "ring of 1000", source: "old/casty", value: 10),
            ], round: 1)
        #expect(table.rows.map(\.isMet) == [true, false, nil])
        #expect(table.rows[1].text.hasSuffix("goal ≥ 10: missed"))
    }

    @Test("a command that fails, and one that prints no figure, say so")
    func failures() throws {
        let failed = #expect(throws: BenchError.self) {
            try ComparedCommand("echo no server >&2; exit 3").figures()
        }
        #expect(failed?.description.contains("status 3") == true)
        #expect(failed?.description.contains("no server") == true)
        let silent = #expect(throws: BenchError.self) {
            try ComparedCommand(#"echo '{"metric":"hops","median":5}'"#).figures()
        }
        #expect(silent?.description.contains("hops") == true)
        let figures = try ComparedCommand(#"echo '{"peer":"p","metric":"ring_1000","unit":"hop/s","median":5}'"#)
            .figures()
        #expect(figures == [PeerFigure(figure: "ring of 1000", source: "p ring_1000", value: 5)])
    }
}

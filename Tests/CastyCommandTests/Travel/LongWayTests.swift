import CastyConsole
import CastyCore
import CastyObservability
import Testing

@testable import CastyCommand

@Suite("A long way to another time")
struct LongWayTests {
    @Test("Esc stops a run on its way, and says where", arguments: [["seek 60s"], ["seek 20s"]])
    func stops(way: [String]) throws {
        let (frontEnd, _) = try ScriptedFrontEnd.run(way + ["until off"])
        let last = try #require(frontEnd.times.last)
        #expect(last < .start + .seconds(1))
        #expect(frontEnd.count("stopped at \(Words.moment(last)), on the way to") == 1)
        #expect(frontEnd.snapshot.paused)
    }

    @Test("what cannot be done on the way waits for its end, and says so once")
    func waits() throws {
        let (frontEnd, run) = try ScriptedFrontEnd.run(["seek 20s", "kill n2", "pause"], [])
        #expect(frontEnd.count("kill n2: waits until 20.0; {escape} ends the way there") == 1)
        #expect(frontEnd.count("pause: waits until 20.0") == 1)
        #expect(run.history.map { "\($0.at) \($0.command)" } == ["\(Instant.start + .seconds(20)) kill n2"])
    }

    @Test("Esc ends the way also behind what waits for its end, which is dropped")
    func dropsWaiting() throws {
        let (frontEnd, run) = try ScriptedFrontEnd.run(["seek 60s", "kill n2", "until off"])
        let last = try #require(frontEnd.times.last)
        #expect(last < .start + .seconds(1))
        #expect(frontEnd.count("; what waited for the end of the way is dropped") == 1)
        #expect(run.history.isEmpty)
    }

    @Test("a way that is not ended arrives")
    func arrives() throws {
        let (frontEnd, _) = try ScriptedFrontEnd.run(["seek 5s"], ["until off"])
        #expect(frontEnd.times.last == .start + .seconds(5))
        #expect(frontEnd.count("stopped at") == 0)
    }

    @Test("the message about a command says that it drops later ones")
    func dropped() throws {
        let (frontEnd, _) = try ScriptedFrontEnd.run(
            ["seek 3s"], ["freeze n3"], ["seek 4s"], ["thaw n3"], ["seek 2s"], ["freeze n2"], ["undo"])
        #expect(frontEnd.count("freeze n2; 2 later commands are dropped") == 1)
        #expect(frontEnd.count("dropped") == 1)
        #expect(frontEnd.messages.last?.text == "undone: freeze n2 · {redo} injects it again")
    }
}

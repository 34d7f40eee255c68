import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed
import Testing

@testable import CastyCommand

@Suite("Watches")
struct WatchTests {
    private static func active(_ line: String, deadline: Int = 300) throws -> ActiveWatch {
        guard case .console(.run(.watch(let watch)), at: nil) = try PaletteLine.parse(line) else {
            preconditionFailure("\(line) is no watch")
        }
        return ActiveWatch(watch, number: 1, at: at(1), events: 0, deadline: at(deadline))
    }

    private static func at(_ seconds: Int) -> Instant { .start + .seconds(seconds) }

    private static let id = EventID(node: "n1", number: 7)

    private static func event(at seconds: Int) -> RuntimeEvent {
        RuntimeEvent(time: at(seconds), id: id, kind: .memberDown, subject: "n2")
    }

    @Test("a condition that keeps failing is found once, and again after it has held")
    func edges() throws {
        var watch = try Self.active("always converged")
        func look(_ verdict: Verdict, at second: Int) -> ActiveWatch.Finding? {
            watch.onLook(.verdict(verdict), at: Self.at(second), events: 0, last: Self.id)
        }
        func broken(_ second: Int) -> ActiveWatch.Finding {
            .broken(.init(time: Self.at(second), seen: "no", event: Self.id))
        }
        #expect(look(.met, at: 1) == nil)
        #expect(look(.unmet("no"), at: 2) == broken(2))
        #expect(look(.unmet("no"), at: 3) == nil)
        #expect(look(.met, at: 4) == nil)
        #expect(look(.unmet("no"), at: 5) == broken(5))
        #expect(watch.status.broken?.time == Self.at(5))
    }

    @Test("never finds the begin of a condition, and each event")
    func never() throws {
        var watch = try Self.active("never n2 down")
        #expect(watch.onLook(.verdict(.unmet("up")), at: Self.at(1), events: 0, last: nil) == nil)
        #expect(
            watch.onLook(.verdict(.met), at: Self.at(2), events: 0, last: Self.id)
                == .broken(.init(time: Self.at(2), seen: "it holds", event: Self.id)))
        var events = try Self.active("never member-down")
        #expect(events.onLook(.event(nil), at: Self.at(2), events: 3, last: nil) == nil)
        #expect(
            events.onLook(.event(Self.event(at: 3)), at: Self.at(3), events: 4, last: nil)
                == .broken(.init(time: Self.at(3), seen: "member-down n2 on n1", event: Self.id)))
        #expect(events.events == 4)
    }

    @Test("until ends with what it waits for, or at its limit")
    func until() throws {
        var watch = try Self.active("until n2 down", deadline: 3)
        #expect(watch.onLook(.verdict(.unmet("up")), at: Self.at(2), events: 0, last: nil) == nil)
        var late = watch
        #expect(
            watch.onLook(.verdict(.met), at: Self.at(3), events: 0, last: nil) == .reached(at: Self.at(3), seen: nil))
        #expect(late.onLook(.verdict(.unmet("up")), at: Self.at(3), events: 0, last: nil) == .expired(seen: "up"))
    }

    @Test("another course of the run is looked at from its begin on, and what broke later is forgotten")
    func branch() throws {
        var watch = try Self.active("always converged")
        _ = watch.onLook(.verdict(.met), at: Self.at(1), events: 0, last: nil)
        _ = watch.onLook(.verdict(.unmet("no")), at: Self.at(9), events: 5, last: nil)
        #expect(!watch.isDue(at: Self.at(8)))
        watch.onBranch(at: Self.at(4), events: 2)
        #expect(watch.isDue(at: Self.at(4)))
        #expect(watch.broken == nil)
        #expect(watch.events == 2)
        // Only a change on the new course counts.
        #expect(watch.onLook(.verdict(.unmet("no")), at: Self.at(4), events: 2, last: nil) == nil)
    }

    @Test("until runs to the time at which a condition holds, pauses there, and says when", .timeLimit(.minutes(10)))
    func waiting() throws {
        let (screen, run) = try ScriptedFrontEnd.run(
            ["until converged"], ["kill n3"], ["until n3 down within 1s"],
            ["until n3 removed on n1"], ["until member-up n3"])
        #expect(screen.count("until converged: already at ") == 1)
        #expect(screen.count("until n3 down within 1s: not by") == 1)
        #expect(screen.count("until n3 removed on n1: at") == 1)
        #expect(screen.count("until member-up n3: not by") == 1)
        #expect(screen.snapshot.paused)
        #expect(screen.times.last.map { $0 - screen.times[4] } == .seconds(300))
        #expect(run.watches.isEmpty)
    }

    @Test("any request ends the wait", .timeLimit(.minutes(10)), arguments: ["pause", "until off", "kill n2"])
    func interrupted(line: String) throws {
        let (screen, _) = try ScriptedFrontEnd.run(["until n3 down", line])
        #expect(screen.count("until n3 down: ended at ") == 1)
        #expect(screen.snapshot.paused)
        #expect(screen.snapshot.time < .start + .seconds(1))
        #expect(screen.count("kill n2") == (line == "kill n2" ? 1 : 0))
    }

    @Test("a watch stops time at the moment that breaks it, and does not fire for the past", .timeLimit(.minutes(10)))
    func active() throws {
        let (screen, run) = try ScriptedFrontEnd.run(
            ["seek 5s"], ["always n3 up"], ["kill n3"], ["seek 30s"], ["back 20"], ["seek 30s"], ["seek 4s"],
            ["note \"another course\""], ["seek 6s"], ["kill n3"], ["seek 30s"], ["watch off 1"])
        let broken = try #require(screen.times.dropFirst(4).first)
        #expect(broken > .start + .seconds(5) && broken < .start + .seconds(15))
        #expect(screen.times[5] == broken - .seconds(2))
        #expect(screen.times[6] == .start + .seconds(30))
        #expect(screen.count("always n3 up: broken at") == 2)
        #expect(screen.times[11] < .start + .seconds(16))
        #expect(run.watches.isEmpty)
    }

    @Test("an event that must not come stops time when it comes", .timeLimit(.minutes(10)))
    func event() throws {
        let (screen, run) = try ScriptedFrontEnd.run(
            ["seek 5s"], ["never member-unreachable"], ["kill n3"], ["seek 30s"])
        let event = try #require(run.recorder.events().first { $0.kind == .memberUnreachable })
        #expect(screen.snapshot.time >= event.time)
        #expect(screen.snapshot.time - event.time <= .milliseconds(10))
        #expect(screen.watches.first?.broken?.event == event.id)
        #expect(screen.snapshot.paused)
    }

    @Test("what does not hold now cannot be watched", .timeLimit(.minutes(10)))
    func refused() throws {
        let (screen, run) = try ScriptedFrontEnd.run(
            ["seek 5s"], ["always n2 down"], ["never n2 up"], ["watch off 3"], ["until off"])
        #expect(screen.messages.filter { $0.kind == .refused }.count == 4)
        #expect(run.watches.isEmpty)
    }

    @Test("a watched run has the events of one that is not watched", .timeLimit(.minutes(10)))
    func digest() throws {
        let (_, plain) = try ScriptedFrontEnd.run(["seek 5s"], ["kill n3"], ["seek 20s"])
        let (_, watched) = try ScriptedFrontEnd.run(
            ["seek 5s"], ["always n3 up"], ["never message-lost"], ["kill n3"], ["until n3 down on n1"],
            ["seek 20s"], ["seek 20s"])
        #expect(watched.testbed.now == plain.testbed.now)
        #expect(watched.recorder.digest == plain.recorder.digest)
    }

    @Test("of many requests for another time only the last is carried out", .timeLimit(.minutes(10)))
    func held() throws {
        let back = Array(repeating: "back 10", count: 20)
        let (screen, _) = try ScriptedFrontEnd.run(["seek 30s"], back, ["seek 30s"] + back + ["step 5"])
        #expect(screen.times.suffix(2) == [.start + .seconds(10), .start + .milliseconds(10_500)])
        #expect(screen.count("back at") <= 2)
    }
}

import CastyCore
import CastyObservability
import CastyScenario
import Synchronization
import Testing

@testable import CastyConsole

/// A cluster that a test moves on by hand.
final class SampleBackend: ConsoleBackend {
    private struct State {
        var cluster = SampleCluster(nodes: 3)
        var messages: [ConsoleMessage] = []
        var caption: Caption?
    }

    let mode = ConsoleMode.simulated(seed: 1)
    private let state = Mutex(State())

    var caption: Caption? { state.withLock { $0.caption } }

    func latest() -> ClusterSnapshot { state.withLock { $0.cluster.snapshot() } }

    func events(after cursor: UInt64) -> EventPage {
        let events = state.withLock { $0.cluster.events }
        return EventPage(events: Array(events.dropFirst(Int(cursor))), next: UInt64(events.count))
    }

    func messages(after cursor: UInt64) -> MessagePage {
        let messages = state.withLock { $0.messages }
        return MessagePage(messages: Array(messages.dropFirst(Int(cursor))), next: UInt64(messages.count))
    }

    func whenChanged(_ wake: @escaping @Sendable () -> Void) {}

    func submit(_ request: ConsoleRequest) {}

    func change(_ change: (inout SampleCluster) -> Void) { state.withLock { change(&$0.cluster) } }

    func say(_ kind: ConsoleMessage.Kind, _ text: String) {
        state.withLock { $0.messages.append(ConsoleMessage(kind, text)) }
    }

    func show(_ caption: Caption) { state.withLock { $0.caption = caption } }
}

@Suite("The console in lines")
struct PlainConsoleTests {
    private let backend = SampleBackend()

    private func open() -> PlainConsole {
        var console = PlainConsole(mode: backend.mode, options: ConsoleOptions())
        _ = console.look(at: backend)
        return console
    }

    @Test("an event is one line with its cause, printed once")
    func events() {
        var console = open()
        backend.change { $0.silence(3, .killed) }
        #expect(console.look(at: backend) == ["0.0 n3: KILLED (crash) (because of you)"])
        #expect(console.look(at: backend).isEmpty)
    }

    @Test("when time is turned back a line says so, and what had happened before is not printed again")
    func rewind() {
        var console = open()
        backend.change { $0.advance(.seconds(5)) }
        _ = console.look(at: backend)
        backend.change { $0.now = .start + .seconds(2) }
        #expect(console.look(at: backend) == ["time is turned back to 2.0"])
        #expect(console.look(at: backend).isEmpty)
    }

    @Test("answers, notes of a script, refusals and failures are lines, and the latter count")
    func messages() {
        var console = open()
        backend.say(.done, "kill n3")
        backend.show(Caption(title: "tour", text: "look", waits: true))
        #expect(console.look(at: backend) == ["tour: look (play goes on)", "done: kill n3"])
        #expect(!console.hasRefused && !console.hasFailed)
        backend.say(.refused, "no")
        #expect(console.look(at: backend) == ["refused: no"])
        #expect(console.hasRefused)
        backend.change { $0.note("test", .expectationFailed, detail: .text("expect n2 up")) }
        #expect(console.look(at: backend).count == 1)
        #expect(console.hasFailed)
    }

    @Test("a pane is printed when it is asked for, without boxes, colours and anything but ASCII")
    func panes() throws {
        var console = open()
        for pane in PaneName.allCases {
            let lines = try console.enter("focus \(pane.rawValue)").lines
            #expect(!lines.isEmpty)
            #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) } })
            #expect(zip(lines, lines.dropFirst()).allSatisfy { !$0.isEmpty || !$1.isEmpty })
        }
        let members = try console.enter("focus members").lines
        #expect(members[0].hasPrefix("1 Members as n1 sees it"))
        #expect(members.contains { $0.contains("n3") && $0.contains("up") })
        #expect(try console.enter("why n2").lines.contains { $0.contains("n2 is up in the view of n1") })
    }

    @Test("a command goes to the cluster without a question")
    func commands() throws {
        var console = open()
        #expect(try console.enter("kill n2,n3").intents == [.submit(line: "kill n2,n3")])
        #expect(try console.enter("  # only a comment").intents.isEmpty)
        #expect(try console.enter("quit").intents == [.quit])
        #expect(try console.enter("wait 10s").pause == .seconds(10))
        #expect(throws: ScenarioProblem.self) { try console.enter("bogus") }
    }

    @Test("a wait while time is paused is refused: it would never end")
    func pausedWait() throws {
        var console = open()
        backend.change { $0.paused = true }
        _ = console.look(at: backend)
        let answer = try console.enter("wait 10s")
        #expect(answer.pause == nil)
        #expect(answer.lines.first?.hasPrefix("refused: wait: time is paused") == true)
        #expect(console.hasRefused)
    }

    @Test("help lists every verb that is carried out, or explains one")
    func help() throws {
        var console = open()
        let all = try console.enter("help").lines.joined(separator: "\n")
        for verb in Verb.allCases { #expect(all.contains("  \(verb.rawValue)")) }
        for verb in ConsoleVerb.allCases where !verb.isReserved { #expect(all.contains("  \(verb.rawValue)")) }
        #expect(try console.enter("help kill").lines.first == "  kill NODE,...")
    }

    @Test("hostile text cannot move a cursor")
    func hostile() {
        var console = open()
        backend.say(.note, "a\u{1B}[2Jb\rc\u{202E}d")
        #expect(console.look(at: backend) == ["a?[2Jb?c?d"])
    }

    @Test("an ended story is reported once, in one line")
    func stories() {
        var console = open()
        backend.change { $0.silence(3, .killed) }
        var lines: [String] = []
        for _ in 0..<1200 {
            backend.change { $0.advance(.milliseconds(100)) }
            lines += console.look(at: backend)
        }
        #expect(lines.filter { $0.hasPrefix("story: n3 killed") }.count == 1)
    }
}

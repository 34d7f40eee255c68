import CastyCore
import CastyObservability
import CastyScenario
import Synchronization
import Testing

@testable import CastyConsole

@Suite("Keys that show another time")
struct PastTests {
    private func snapshot(_ milliseconds: Int) -> ClusterSnapshot {
        ClusterSnapshot(time: .start + .milliseconds(milliseconds), version: UInt64(milliseconds), nodes: [], seed: 1)
    }

    private func event(_ number: UInt64, at milliseconds: Int) -> RuntimeEvent {
        RuntimeEvent(
            time: .start + .milliseconds(milliseconds), id: EventID(node: "n1", number: number), kind: .nodeKilled,
            subject: "n\(number)")
    }

    private func state(_ mode: ConsoleMode = .simulated(seed: 1)) -> ConsoleState {
        var state = ConsoleState(options: ConsoleOptions(), mode: mode)
        state.focus(on: .events)
        return state
    }

    private func feed() -> ConsoleFeed {
        var feed = ConsoleFeed()
        feed.take(snapshot(9000), events: [event(1, at: 1003), event(2, at: 5000)])
        return feed
    }

    @Test("the arrows go a second back and forward in Events")
    func scrub() {
        var state = state()
        #expect(state.handle(.left, feed: feed()) == [.submit(.control(.back(10)))])
        #expect(state.handle(.right, feed: feed()) == [.submit(.control(.step(10)))])
    }

    @Test("Enter on an event goes to the first shown time at which it has happened")
    func enter() {
        var state = state()
        #expect(state.handle(.enter, feed: feed()) == [.submit(.control(.seek(.seconds(5))))])
        _ = state.handle(.down, feed: feed())
        #expect(state.handle(.enter, feed: feed()) == [.submit(.control(.seek(.milliseconds(1010))))])
    }

    @Test("a run that shows an earlier time says so; End and Esc return to its newest", arguments: [Key.end, .escape])
    func newest(key: Key) {
        let backend = TurnedBack(time: .start + .milliseconds(9000))
        var feed = ConsoleFeed()
        _ = feed.refresh(from: backend)
        var state = state()
        state.resize(width: 100, height: 30)
        #expect(!Renderer.picture(feed, state).plainText().contains("PAST"))
        backend.turn(to: .start + .milliseconds(5000))
        _ = feed.refresh(from: backend)
        let text = Renderer.picture(feed, state).plainText()
        #expect(text.contains("PAST") && text.contains("t=5.0") && text.contains("End: 9.0"))
        #expect(text.contains("past · ≥"))
        #expect(state.handle(key, feed: feed) == [.submit(.control(.seek(.seconds(9))))])
    }

    @Test("live, nothing is asked of the run; before anything was recorded, the arrows say so")
    func live() {
        var state = state(.live)
        #expect(state.handle(.left, feed: feed()) == [])
        #expect(state.dialogs.flash?.text == "earlier: nothing was recorded yet")
        #expect(state.handle(.right, feed: feed()) == [])
        #expect(state.dialogs.flash?.kind == .refused)
        #expect(state.handle(.enter, feed: feed()) == [])
    }

    @Test("a bookmark is offered when bookmarks are asked for")
    func bookmarks() {
        var state = state()
        _ = state.handle(.character("B"), feed: feed())
        #expect(state.dialogs.flash?.kind == .refused)
        _ = state.handle(.character("b"), feed: feed())
        _ = state.handle(.character("B"), feed: feed())
        #expect(state.handle(.enter, feed: feed()) == [.submit(.control(.seek(.seconds(9))))])
    }

    @Test("bookmarks are written as all times on the screen are, and still lead exactly there")
    func bookmarkTexts() {
        var state = state()
        var feed = feed()
        for time in [29_120, 31_000] {
            feed.take(snapshot(time))
            _ = state.handle(.character("b"), feed: feed)
        }
        feed.take(snapshot(40_500))
        _ = state.handle(.character("b"), feed: feed)
        _ = state.handle(.character("B"), feed: feed)
        guard case .prompt(let prompt) = state.dialogs.modal else { return #expect(Bool(false), "no prompt") }
        #expect(prompt.hint == "29.1 31.0 40.5")
        #expect(prompt.field.text == "40.5")
        for _ in 0..<5 { _ = state.handle(.backspace, feed: feed) }
        for character in "29.12s" { _ = state.handle(.character(character), feed: feed) }
        #expect(state.handle(.enter, feed: feed) == [.submit(.control(.seek(.milliseconds(29_120))))])
    }

    @Test("after a jump, curves and rates are those that the run has sampled")
    func past() {
        var past = RecentPast()
        for index in 0..<8 {
            var snapshot = snapshot(index * 250)
            let address = UniqueAddress(address: NodeAddress(host: "127.0.0.1", port: 1), incarnation: 1)
            var node = NodeSnapshot(name: "n1", node: address, time: snapshot.time)
            node.membership.peers = [
                PeerSnapshot(
                    node: address, name: "n2", phi: Double(index), threshold: 8, mean: .zero, deviation: .zero,
                    acceptablePause: .zero, lastHeartbeat: nil, suspicionDeadline: nil, samples: 1)
            ]
            snapshot.nodes = [node]
            past.sample(snapshot)
        }
        #expect(past.phi.values(observer: "n1", subject: "n2", count: 4) == [4, 5, 6, 7])
    }
}

/// A run that can be turned back.
private final class TurnedBack: ConsoleBackend {
    let mode = ConsoleMode.simulated(seed: 1)
    private let last: Instant
    private let shown: Mutex<Instant>

    init(time: Instant) {
        last = time
        shown = Mutex(time)
    }

    var furthest: Instant? { last }

    func turn(to time: Instant) { shown.withLock { $0 = time } }
    func latest() -> ClusterSnapshot { shown.withLock { ClusterSnapshot(time: $0, version: 1, nodes: [], seed: 1) } }
    func events(after cursor: UInt64) -> EventPage { EventPage(events: [], next: cursor) }
    func messages(after cursor: UInt64) -> MessagePage { MessagePage(messages: [], next: cursor) }
    func whenChanged(_ wake: @escaping @Sendable () -> Void) {}
    func submit(_ request: ConsoleRequest) {}
}

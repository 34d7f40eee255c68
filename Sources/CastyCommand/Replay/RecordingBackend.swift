import CastyConsole
import CastyCore
import CastyLive
import CastyObservability
import CastyScenario
import Foundation
import Synchronization

/// The console's backend for a recording: shows it at one time after the other.
final class RecordingBackend: ConsoleBackend {
    private struct State {
        var player: RecordingPlayer
        var past: RecentPast?
        var messages: [ConsoleMessage] = []
        var ends = false
    }

    let mode = ConsoleMode.recording
    let title: String
    private let state: Mutex<State>
    private let changed = ChangeSignal()
    private let wakeup = Wakeup()
    private let clock: ConsoleClock
    private let ended = DispatchSemaphore(value: 0)
    /// The least time between two pictures.
    private static let turn = Duration.milliseconds(40)

    /// - Parameter greeting: The first message to the user.
    init(_ player: RecordingPlayer, greeting: String, clock: ConsoleClock) {
        title = player.recording.header.cluster
        state = Mutex(State(player: player, past: player.past, messages: [ConsoleMessage(.note, greeting)]))
        self.clock = clock
        let thread = Thread { [self] in loop() }
        thread.name = "recording"
        thread.start()
    }

    /// Lets time pass while it plays.
    private func loop() {
        var before = clock.now()
        while !state.withLock({ $0.ends }) {
            let plays = state.withLock { !$0.player.isPaused }
            wakeup.wait(atMost: plays ? Self.turn : nil)
            let now = clock.now()
            let span = now - before
            before = now
            // While it was paused, no time has passed.
            guard plays else { continue }
            state.withLock { state in
                state.player.advance(by: span)
                state.past = state.player.past
            }
            changed.signal()
        }
        ended.signal()
    }

    func takePast() -> RecentPast? {
        state.withLock { state in
            defer { state.past = nil }
            return state.past
        }
    }

    func latest() -> ClusterSnapshot { state.withLock { $0.player.snapshot } }

    func events(after cursor: UInt64) -> EventPage { state.withLock { $0.player.events(after: cursor) } }

    func messages(after cursor: UInt64) -> MessagePage {
        state.withLock { state in
            let from = min(Int(clamping: cursor), state.messages.count)
            return MessagePage(messages: Array(state.messages[from...]), next: UInt64(state.messages.count))
        }
    }

    func whenChanged(_ wake: @escaping @Sendable () -> Void) { changed.listen(wake) }

    func submit(_ request: ConsoleRequest) {
        state.withLock { state in
            switch request {
            case .control(let control):
                if let message = state.player.on(control) { state.messages.append(message) }
                state.past = state.player.past
            case .command:
                let refusal = mode.refusal(of: request.verb) ?? "\(request.verb.word): not in a recording"
                state.messages.append(ConsoleMessage(.refused, refusal))
            }
        }
        wakeup.signal()
        changed.signal()
    }

    /// Ends its thread.
    func close() {
        state.withLock { $0.ends = true }
        wakeup.signal()
        ended.wait()
    }
}

import CastyConsole
import CastyCore

/// Listens to the two copies of a run that a hypothesis compares. There is one hypothesis at a time.
///
/// A copy ends by itself when it has said what came of it, and when its channel is closed. Belongs to the keeper's
/// thread.
final class FuturesKeeper {
    private let backend: ForkedBackend
    private var hypothesis: Hypothesis?
    /// The futures that are under way.
    private var running: [(channel: Channel, index: Int)] = []

    init(_ backend: ForkedBackend) {
        self.backend = backend
    }

    var channels: [Channel] { running.map(\.channel) }

    /// Takes in the copy for a future; a new hypothesis ends an earlier one.
    func add(_ channel: Channel, _ index: Int, of hypothesis: Hypothesis) {
        if self.hypothesis?.number != hypothesis.number {
            end()
            self.hypothesis = hypothesis
            backend.compare(hypothesis)
        }
        running.append((channel, index))
    }

    func hear(_ channel: Channel) {
        guard let index = running.first(where: { $0.channel === channel })?.index else { return }
        do {
            while let report = try channel.receive(WorkerReport.self, waits: false) {
                switch report {
                case .imagined(let now): hypothesis?.futures[index].now = now
                case .outcome(let outcome):
                    hypothesis?.futures[index].outcome = outcome
                    if let end = hypothesis?.until { hypothesis?.futures[index].now = end }
                    forget(channel)
                    backend.compare(hypothesis)
                    return
                case .impossible(let reason): return end(because: reason)
                case .ready, .failed, .picture, .events, .progress, .says, .checkpoint, .noCheckpoint, .branched,
                    .jumps, .imagines, .awake, .refused:
                    throw Channel.Problem.malformed("a run's report from a future")
                }
            }
            backend.compare(hypothesis)
        } catch {
            end(because: "what-if: a future has failed")
        }
    }

    /// Ends a comparison that is under way.
    ///
    /// - Returns: Whether one was.
    func stop() -> Bool {
        guard !running.isEmpty else { return false }
        end()
        hypothesis = nil
        backend.compare(nil)
        backend.say(.note, "what-if: ended")
        return true
    }

    func end(because reason: String) {
        end()
        hypothesis = nil
        backend.compare(nil)
        backend.say(.refused, reason)
    }

    func end() {
        for (channel, _) in running { channel.close() }
        running = []
    }

    private func forget(_ channel: Channel) {
        channel.close()
        running.removeAll { $0.channel === channel }
    }
}

import ArgumentParser
import CastyActors
import CastyCore
import CastyInvariants
import CastyLive
import CastyObservability
import CastyTestbed
import Synchronization

/// One crash, as named on the command line.
struct CrashPoint: ExpressibleByArgument, Sendable {
    let value: CrashPoints.Point

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let story = CrashPoints.Story(rawValue: String(parts[0])),
            let node = Int(parts[1]), (1...5).contains(node), let step = Int(parts[2]), step >= 0
        else { return nil }
        value = CrashPoints.Point(story: story, node: node, step: step)
    }
}

extension ExploreCommand {
    /// A crash after each step of each story.
    func crashEverywhere() throws {
        let clock = LiveClock()
        var failed = 0
        for story in CrashPoints.Story.allCases where point.map({ $0.value.story == story }) ?? true {
            let crashes = try CrashPoints(story, seed: from ?? 1)
            let points = point.map { [$0.value] } ?? crashes.points(stride: stride)
            let started = clock.now
            let found = carryOut(crashes, points)
            failed += found.count
            for outcome in found { tell(outcome) }
            tell(crashes, runs: points.count, failed: found.count, took: clock.now - started)
        }
        if failed > 0 { throw ExitCode(1) }
    }

    /// The runs with violations, in the order of the points.
    private func carryOut(_ crashes: CrashPoints, _ points: [CrashPoints.Point]) -> [CrashPoints.Outcome] {
        let next = Mutex(0)
        let found = Mutex<[Int: CrashPoints.Outcome]>([:])
        let work: @Sendable () -> Void = {
            while true {
                let index = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard index < points.count else { return }
                let point = points[index]
                let outcome: CrashPoints.Outcome
                do {
                    outcome = try crashes.run(point)
                } catch {
                    outcome = CrashPoints.Outcome(point: point, time: .start, problems: ["\(error)"])
                }
                if !outcome.problems.isEmpty { found.withLock { $0[index] = outcome } }
            }
        }
        let threads = (0..<jobs).map { _ in LiveThread { work() } }
        for thread in threads { thread.join() }
        return found.withLock { found in found.sorted { $0.key < $1.key }.map(\.value) }
    }

    private func tell(_ outcome: CrashPoints.Outcome) {
        let point = outcome.point
        let replay =
            "casty explore --crash-points --from \(from ?? 1) --point \(point.story.rawValue)/\(point.node)/\(point.step)"
        if json {
            var line = JSONLine()
            line.add("event", "finding")
            line.add("t", raw: RuntimeEvent.seconds(outcome.time))
            line.add("subject", "n\(point.node)")
            line.add("text", outcome.problems.first)
            line.add("replay", replay)
            Output.line(line.text)
        } else {
            Output.line(
                "FAIL \(point.story.rawValue): n\(point.node) crashes after step \(point.step), at \(RuntimeEvent.seconds(outcome.time)) s"
            )
            for problem in outcome.problems.prefix(5) { Output.line("  \(problem)") }
            Output.line("  replay: \(replay)")
        }
    }

    private func tell(_ crashes: CrashPoints, runs: Int, failed: Int, took: Duration) {
        let seconds = took.inSeconds
        if json {
            var line = JSONLine()
            line.add("event", "crash-points")
            line.add("story", crashes.story.rawValue)
            line.add("status", failed == 0 ? "passed" : "failed")
            line.add("steps", crashes.steps)
            line.add("runs", runs)
            line.add("failed", failed)
            line.add("wall_s", raw: RunResult.rounded(seconds))
            Output.line(line.text)
        } else {
            Output.line(
                "\(failed == 0 ? "✓" : "✗") \(crashes.story.rawValue): \(crashes.steps) steps, \(runs) crashes, \(failed) failed; "
                    + "\(RunResult.rounded(seconds)) s")
        }
    }
}

import CastyConsole
import CastyCore

/// Measures the console's frames: the time to draw them, and the bytes that a terminal is sent.
enum ConsoleBench {
    private static let sizes = [(80, 24), (120, 40), (200, 60)]
    private static let clusters = [(9, 256), (100, 4096)]
    /// The time between two frames at the default rate.
    private static let frame = Duration.milliseconds(50)

    static var cases: [BenchCase] {
        clusters.flatMap { nodes, shards in
            sizes.flatMap { width, height in
                let name = "console: \(width)x\(height), \(nodes) nodes, \(shards) shards"
                func stage(loaded: Bool) -> ConsoleStage {
                    ConsoleStage(nodes: nodes, shards: shards, width: width, height: height, loaded: loaded)
                }
                return [
                    drawing(name, goal: width < 200 ? 1000 : 2000) { stage(loaded: true) },
                    key(name) { stage(loaded: true) }, bytes(name) { stage(loaded: true) },
                    quiet(name) { stage(loaded: false) },
                ]
            }
        }
    }

    private static func drawing(
        _ name: String, goal: Double, _ open: @escaping () -> ConsoleStage
    ) -> BenchCase {
        BenchCase(.console, "\(name), drawing") { plan in
            var stage = open()
            stage.draw()
            var times: [Double] = []
            for _ in 0..<plan.amount(200, quick: 40) {
                stage.pass(frame)
                // Not the time on the clock: other programs may run in between.
                let used = Machine.processorSeconds
                stage.draw()
                times.append((Machine.processorSeconds - used) * 1e6)
            }
            return [Measurement(name: "\(name), drawing", unit: "µs/frame", runs: times, goal: .atMost(goal))]
        }
    }

    /// From a key that moves the cursor to the picture that shows it.
    private static func key(_ name: String, _ open: @escaping () -> ConsoleStage) -> BenchCase {
        BenchCase(.console, "\(name), key") { plan in
            var stage = open()
            stage.draw()
            var times: [Double] = []
            for turn in 0..<plan.amount(200, quick: 40) {
                stage.pass(frame)
                let used = Machine.processorSeconds
                stage.press(turn % 2 == 0 ? .down : .up)
                stage.look()
                stage.draw()
                times.append((Machine.processorSeconds - used) * 1e6)
            }
            return [Measurement(name: "\(name), key", unit: "µs/key", runs: times)]
        }
    }

    private static func bytes(_ name: String, _ open: @escaping () -> ConsoleStage) -> BenchCase {
        BenchCase(.console, "\(name), sent") { plan in
            var stage = open()
            stage.draw()
            let first = FrameBytes.count(from: nil, to: stage.buffer)
            let counts = (0..<plan.amount(200, quick: 40)).map { _ in sent(&stage, after: frame) }
            return [
                Measurement(name: "\(name), first frame", unit: "bytes", runs: [Double(first)]),
                Measurement(name: "\(name), sent", unit: "bytes/frame", runs: counts, goal: .atMost(1024)),
            ]
        }
    }

    /// Without load, a frame differs from the one before only when a second or a column of a curve begins.
    private static func quiet(_ name: String, _ open: @escaping () -> ConsoleStage) -> BenchCase {
        BenchCase(.console, "\(name), quiet") { plan in
            var stage = open()
            stage.draw()
            let seconds = plan.amount(20, quick: 4)
            let counts = (0..<20 * seconds).map { _ in sent(&stage, after: frame) }
            let sums = (0..<seconds).map { counts[($0 * 20)..<($0 * 20 + 20)].reduce(0, +) }
            return [
                Measurement(name: "\(name), quiet", unit: "bytes/frame", runs: counts, goal: .atMost(0)),
                Measurement(name: "\(name), quiet for a second", unit: "bytes/s", runs: sums),
            ]
        }
    }

    private static func sent(_ stage: inout ConsoleStage, after span: Duration) -> Double {
        let before = stage.buffer
        stage.pass(span)
        stage.draw()
        return Double(FrameBytes.count(from: before, to: stage.buffer))
    }
}

import CastyCore
import CastyObservability
import CastyScenario

@testable import CastyConsole

/// A console over a make-believe cluster, driven by keys.
struct Fixture {
    var cluster: SampleCluster
    var feed: ConsoleFeed
    var state: ConsoleState
    /// Whether the cluster has forecast a cut of the chosen nodes before each key.
    var forecasts = false
    private var taken = 0

    init(
        nodes: Int = 5, width: Int = 80, height: Int = 24, mode: ConsoleMode = .simulated(seed: 42),
        tier: GlyphTier = .unicode, depth: ColourDepth = .all, options: ConsoleOptions = .init()
    ) {
        cluster = SampleCluster(nodes: nodes)
        feed = ConsoleFeed(keeping: mode.keepsMoments ? .console : nil)
        state = ConsoleState(options: options, mode: mode, tier: tier, depth: depth)
        state.resize(width: width, height: height)
        look()
    }

    /// Shows the console what has happened.
    mutating func look() {
        feed.take(cluster.snapshot(), events: Array(cluster.events.dropFirst(taken)))
        taken = cluster.events.count
    }

    /// Lets time pass in frames of a tenth of a second.
    mutating func run(_ tenths: Int) {
        for _ in 0..<tenths {
            cluster.advance(.milliseconds(100))
            look()
        }
    }

    @discardableResult
    mutating func press(_ keys: Key...) -> [Intent] { keys.flatMap { take($0) } }

    @discardableResult
    mutating func type(_ text: String) -> [Intent] { text.flatMap { take(.character($0)) } }

    private mutating func take(_ key: Key) -> [Intent] {
        if forecasts {
            var snapshot = cluster.snapshot()
            snapshot.forecast = cluster.forecast(cutting: state.previewedPartition(feed))
            feed.take(snapshot)
        }
        return state.handle(key, feed: feed)
    }

    var picture: CellBuffer { Renderer.picture(feed, state) }
    var text: String { picture.plainText() }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

extension Intent {
    /// The request that a line of the palette makes; a line that makes none is a mistake in the test.
    static func submit(line: String) -> Intent {
        switch try? PaletteLine.parse(line) {
        case .command(let command): .submit(.command(command))
        case .console(.run(let control), at: nil): .submit(.control(control))
        case .console, nil: preconditionFailure("\(line) is no request")
        }
    }
}

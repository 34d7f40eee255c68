import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Random keys")
struct RandomKeysTests {
    private static let keys: [Key] =
        [
            .up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .tab, .backTab, .enter, .enter, .enter, .escape,
            .escape, .backspace, .delete, .help,
        ] + (Character("a").asciiValue!...Character("z").asciiValue!).map { .control(Character(UnicodeScalar($0))) }

    private static let lines = [
        ":kill n2", ":kill all", ":cut n1 | n2,n3", ":link n1 n3 latency 50ms loss 5%", ":spawn account-1..account-9",
        ":load 200/s over 9 entities for 30s", ":move shard 3 to n2", ":expect members n1 up", ":export text", ":zoom",
        ":at +5s freeze n1", ":seek 3s", ":bookmark here", ":sort phi", ":theme mono", "/n2", "/!n2",
        "/kind=gossip node=n3",
        ":\u{1B}[2J", ":tell account-1 ' \" \\", ":set heartbeat 99999999999999999999s", ":until", ":quit",
    ]

    private static func key(_ generator: inout SeededGenerator) -> [Key] {
        switch generator.below(20) {
        case 0..<10: return [.character(Character(UnicodeScalar(UInt8(32 + generator.below(95)))))]
        case 10..<15: return [keys[generator.below(keys.count)]]
        case 15: return [.press(x: generator.below(260) - 5, y: generator.below(80) - 5)]
        case 16: return [.drag(x: generator.below(260) - 5, y: generator.below(80) - 5)]
        case 17:
            let (x, y) = (generator.below(260) - 5, generator.below(80) - 5)
            return generator.below(2) == 0 ? [.release(x: x, y: y)] : [.wheel(x: x, y: y, up: generator.below(2) == 0)]
        case 18:
            return [.paste(["", "kill all\n", "\u{1B}[31m\u{202E}wide 漢字 e\u{301}\u{0}", "n1"][generator.below(4)])]
        case 19 where generator.below(5) == 0: return [.escape, .escape, .character("K"), .character("y")]
        default: return lines[generator.below(lines.count)].map { .character($0) } + [.enter]
        }
    }

    @Test("a hundred thousand trap nowhere, draw at every size, and kill no node without a question")
    func survive() {
        let killed = (1...10).map { run(seed: $0) }
        #expect(killed.reduce(0, +) > 0, "some question was answered with yes")
    }

    /// - Returns: The number of nodes that were killed.
    private func run(seed: UInt64) -> Int {
        var generator = SeededGenerator(seed: seed)
        let mode: ConsoleMode = seed % 3 == 0 ? .live : .simulated(seed: seed)
        var console = Fixture(nodes: Int(seed), width: 120, height: 40, mode: mode)
        var pressed = 0
        var killed = 0
        while pressed < 10_000 {
            console.forecasts = generator.below(15) == 0
            for key in Self.key(&generator) {
                var wasAsking = false
                if case .confirm = console.state.dialogs.modal { wasAsking = true }
                // What the cluster refuses anyway, such as killing the dead, is not asked about.
                let running = Set(console.feed.snapshot.nodes.filter { $0.state == .running }.map { "kill \($0.name)" })
                for case .submit(.command(let command)) in console.press(key) where running.contains("\(command)") {
                    #expect(wasAsking, "seed \(seed), key \(pressed): \(command) without a question")
                    killed += 1
                }
                pressed += 1
            }
            if generator.below(8) == 0 { console.run(1) }
            if generator.below(60) == 0 {
                let victim = 1 + generator.below(Int(seed))
                console.cluster.silence(victim, generator.below(2) == 0 ? .killed : .frozen)
            }
            guard generator.below(20) == 0 else { continue }
            let (width, height) = (1 + generator.below(250), 1 + generator.below(70))
            console.state.resize(width: width, height: height)
            let picture = console.picture
            #expect(picture.width == width && picture.height == height)
            console.state.resize(width: 120, height: 40)
        }
        // Escape leaves every dialog, and every key still works.
        for _ in 0..<8 { console.press(.escape) }
        #expect(console.state.dialogs.modal == nil)
        #expect(!console.text.isEmpty)
        return killed
    }
}

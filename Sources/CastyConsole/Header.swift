import CastyCore
import CastyObservability

/// The parts of the header in their order on the line, and which of them are left out first.
private struct Groups {
    private var groups: [(pieces: [(String, Style)], rank: Int)] = []

    mutating func add(_ pieces: [(String, Style)], rank: Int) {
        if !pieces.isEmpty { groups.append((pieces, rank)) }
    }

    /// Those that fit into a width, each with a separator; the lowest ranks are left out.
    func fitting(_ width: Int) -> [[(String, Style)]] {
        func columns(_ pieces: [(String, Style)]) -> Int {
            pieces.reduce(3) { $0 + CharacterWidth.columns(of: $1.0) }
        }
        var kept: Set<Int> = []
        var used = 0
        for index in groups.indices.sorted(by: { groups[$0].rank > groups[$1].rank }) {
            let wanted = columns(groups[index].pieces)
            if used + wanted > width { continue }
            used += wanted
            kept.insert(index)
        }
        return groups.indices.filter(kept.contains).map { groups[$0].pieces }
    }
}

/// The first line: the cluster, the runtime, the time and the cluster's health.
enum Header {
    static func draw(_ scene: Scene, _ buffer: inout CellBuffer) {
        let rect = scene.layout.header
        let paint = scene.paint
        var pieces: [(String, Style)] = [(" \(scene.feed.title) ", paint[.header])]
        pieces += world(scene)
        let separator: (String, Style) = (" │ ", paint[.faint])
        var groups = Groups()
        groups.add(nodes(scene), rank: 9)
        let reading = scene.reading
        if reading.running > 0 {
            let agree = reading.agreeing == reading.running
            let views =
                rect.width >= 120
                ? (reading.running == 1
                    ? "1 view v\(reading.newestVersion)"
                    : "\(reading.agreeing) of \(reading.running) views agree v\(reading.newestVersion)")
                : "views \(reading.agreeing)/\(reading.running)"
            groups.add([(views, paint[agree ? .text : .eventWarning])], rank: 5)
        }
        if rect.width >= 100 {
            // An observer adds up what the nodes have counted.
            let rate =
                scene.snapshot.observer == nil
                ? scene.snapshot.envelopesPerSecond : reading.rows.reduce(0) { $0 + $1.rate }
            groups.add([(Words.short(rate.rounded()) + " env/s", paint[.text])], rank: 1)
        }
        if scene.snapshot.lost > 0 { groups.add([("lost \(scene.snapshot.lost)", paint[.eventWarning])], rank: 4) }
        let cuts = scene.snapshot.links.filter(\.cut).count
        if cuts > 0 { groups.add([("\(cuts) cut", paint[.linkCut])], rank: 3) }
        if let watches = watches(scene) { groups.add([watches], rank: 6) }
        if case .still = scene.state.time.shown { groups.add([(" VIEW FROZEN ", paint[.bannerPaused])], rank: 8) }
        if scene.state.readOnly { groups.add([(" READ-ONLY ", paint[.bannerReadOnly])], rank: 7) }
        if let file = scene.feed.recording {
            groups.add([(rect.width >= 160 ? "● REC \(file)" : "● REC", paint[.bannerRecording])], rank: 2)
        }
        let used = pieces.reduce(0) { $0 + CharacterWidth.columns(of: $1.0) }
        for group in groups.fitting(rect.width - 1 - used) {
            pieces.append(separator)
            pieces += group
        }
        buffer.put(pieces, x: rect.x, y: rect.y, limit: rect.width)
    }

    private static func watches(_ scene: Scene) -> (String, Style)? {
        let watches = scene.feed.watches
        let broken = watches.filter { $0.broken != nil }.count
        // Where a line at the bottom tells of the wait, it needs no second one.
        let others = watches.filter { !$0.isAwaited || scene.feed.progress == nil }
        guard let only = others.first else { return nil }
        if broken > 0 {
            return (Words.count(broken, "broken watch"), scene.paint[.eventWarning])
        }
        return (others.count == 1 ? only.line : Words.count(others.count, "watch"), scene.paint[.text])
    }

    private static func world(_ scene: Scene) -> [(String, Style)] {
        let paint = scene.paint
        let clock = "  t=\(Words.moment(scene.snapshot.time))"
        // Time that runs by itself: with tenths, the line would change ten times a second while nothing happens.
        let wholeClock = "  t=\(Words.wholeMoment(scene.snapshot.time))"
        if scene.state.time.shown.isPast {
            // Time goes on meanwhile: in whole seconds, so that the line changes once a second.
            let age = max(.zero, scene.live.time - scene.snapshot.time)
            let ago = "\(age.nanoseconds / 1_000_000_000)s"
            return [
                (" PAST ", paint[.bannerPaused]),
                (clock + timeOfDay(scene), paint[.text]), ("  \(ago) ago, live goes on", paint[.eventWarning]),
            ]
        }
        switch scene.state.mode {
        case .live: return [(" LIVE ", paint[.bannerLive]), (wholeClock, paint[.text])]
        case .attached, .operating:
            let banner: (String, Style) =
                scene.state.mode == .operating
                ? (" OPERATING ", paint[.bannerLive]) : (" ATTACHED ", paint[.bannerReadOnly])
            guard let observer = scene.live.observer else { return [banner, (wholeClock, paint[.text])] }
            let isWide = scene.layout.header.width >= 100
            let place: (String, Style) =
                if let retry = observer.retry {
                    ("  lost at \(observer.clock.timeOfDay(retry.since))", paint[.eventWarning])
                } else {
                    (isWide ? observer.contact.map { "  through \($0)" } ?? "" : "", paint[.text])
                }
            return [banner, (wholeClock + timeOfDay(scene), paint[.text]), place]
        case .recording:
            let run: (String, Style) =
                scene.snapshot.paused
                ? (" ‖ PAUSED ", paint[.bannerPaused]) : (" ▶ " + speed(scene), paint[.text])
            let time = (scene.showsTenths ? clock : wholeClock) + timeOfDay(scene)
            return [(" RECORDING ", paint[.bannerRecording]), run, (time, paint[.text])]
        case .simulated(let seed):
            let run: (String, Style) =
                scene.snapshot.paused
                ? (" ‖ PAUSED ", paint[.bannerPaused])
                : (" ▶ " + speed(scene), paint[scene.snapshot.reachedSpeed == nil ? .text : .eventWarning])
            let time = (scene.showsTenths ? clock : wholeClock, paint[.text])
            if let newest = scene.feed.newest {
                return [
                    (" SIM ", paint[.bannerSim]), (" PAST ", paint[.bannerPaused]), run, time,
                    ("  End: \(Words.moment(newest))", paint[.eventWarning]),
                ]
            }
            return [(" SIM ", paint[.bannerSim]), (" seed \(seed) ", paint[.headerQuiet]), run, time]
        }
    }

    /// The time of day that is shown, where there is room.
    private static func timeOfDay(_ scene: Scene) -> String {
        guard scene.layout.header.width >= 100, let clock = scene.snapshot.observer?.clock else { return "" }
        return "  \(clock.timeOfDay(scene.snapshot.time))"
    }

    /// The requested speed, followed by the achieved speed if the machine is slower: `x64›18`.
    private static func speed(_ scene: Scene) -> String {
        let wished = "x\(ConsoleState.factor(scene.snapshot.speed))"
        guard let reached = scene.snapshot.reachedSpeed else { return wished }
        return "\(wished)›\(ConsoleState.factor(reached >= 10 ? reached.rounded() : (reached * 10).rounded() / 10))"
    }

    private static func nodes(_ scene: Scene) -> [(String, Style)] {
        let reading = scene.reading
        let paint = scene.paint
        guard !reading.rows.isEmpty else { return [("no nodes", paint[.dim])] }
        let wide = scene.layout.header.width >= 100
        var pieces: [(String, Style)] = [(Words.count(reading.rows.count, "node"), paint[.text])]
        // The last views of stopped nodes say nothing about the current cluster.
        guard reading.running > 0 else {
            let knows = scene.snapshot.observer == nil
            return pieces + [(knows ? "  none runs" : "  none answers", paint[.unreachable])]
        }
        for displayStatus in DisplayStatus.allCases {
            let count = reading.count(displayStatus)
            guard count > 0 else { continue }
            pieces.append(
                (
                    wide
                        ? "  \(count) \(scene.words(.displayStatus(displayStatus)))" : " \(count)\(displayStatus.mark)",
                    paint[displayStatus.role]
                ))
        }
        return pieces
    }
}

import CastyCore
import CastyObservability

/// The explanation of one direction of a link: what ails it since when, what both ends make of it, and what was done to
/// it before.
enum WhyLink {
    static func lines(from: String, to: String, _ scene: Scene) -> [WhyPane.Line] {
        let link = scene.snapshot.links.first { $0.from == from && $0.to == to }
        let changes = scene.feed.log.events.filter { concerns($0, from, to) }
        let ails = ailments(link)
        var lines: [WhyPane.Line] = [
            .init("", "\(from)→\(to) \(ails.isEmpty ? "carries everything" : ails.joined(separator: ", "))", .strong)
        ]
        if link?.cut == true {
            lines.append(since(changes.last { $0.kind == .cut }, "cut", scene))
        }
        if link.map({ $0.latency > .zero || $0.jitter > .zero || $0.loss > 0 }) ?? false {
            lines.append(since(changes.last { $0.kind == .linkImpaired }, "changed", scene))
        }
        if ails.isEmpty {
            let last = changes.last { $0.kind == .healed || $0.kind == .linkRestored }
            let text =
                last.map { "in order again since \(Words.moment($0.time))" }
                ?? (scene.snapshot.observer == nil
                    ? "nothing was done to it" : "what ails a link is not seen from outside")
            lines.append(.init("since", text, .dim))
        }
        lines += ends(from, to, scene)
        let back = ailments(scene.snapshot.links.first { $0.from == to && $0.to == from })
        guard scene.snapshot.observer == nil else { return lines }
        lines.append(
            .init("back", "\(to)→\(from) \(back.isEmpty ? "carries everything" : back.joined(separator: ", "))", .dim))
        for event in changes.suffix(8) {
            let words = EventWords(event, scene.feed.log, scene.words)
            let cause = words.cause.isEmpty ? "" : "  ← \(words.cause)"
            lines.append(.init("\(Words.moment(event.time)) \(words.mark)", words.what + cause, words.role))
        }
        if scene.state.mode.changesCluster {
            func key(_ action: Action) -> String { scene.state.keys.name(of: action) }
            let heal =
                ails.isEmpty
                ? "\(key(.link(.cutOneWay))) cut it · \(key(.link(.cutBothWays))) both ways"
                : "\(key(.link(.healAll))) heal all · :heal \(from) -> \(to) · \(key(.undo)) undo the last"
            let impair =
                scene.state.mode == .live
                ? "" : " · \(key(.link(.delay))) delay · \(key(.link(.loss))) loss"
            lines.append(.init("you", heal + impair))
        }
        return lines
    }

    /// What ails a direction, in words.
    private static func ailments(_ link: LinkSnapshot?) -> [String] {
        guard let link else { return [] }
        if link.cut { return ["is cut"] }
        return [
            link.latency > .zero ? "delays by \(Words.span(link.latency))" : nil,
            link.jitter > .zero ? "by up to \(Words.span(link.jitter)) more or less" : nil,
            link.loss > 0 ? "loses \(Words.fixed(link.loss * 100))%" : nil,
        ].compactMap(\.self)
    }

    private static func since(_ event: RuntimeEvent?, _ verb: String, _ scene: Scene) -> WhyPane.Line {
        guard let event else { return .init("cause", "\(verb) before what is remembered", .dim) }
        let span = Words.span(scene.snapshot.time - event.time)
        let line = event.line.map { ", line \($0) of the scenario" } ?? ""
        let who = event.isFromTestbed ? "by you" : "by \(event.node)"
        return .init(
            "cause", "\(verb) at \(Words.moment(event.time)), \(span) ago, \(who)\(line) (\(event.id))", .eventFault)
    }

    /// What the receiving end makes of the sending one, and the connection between them.
    private static func ends(_ from: String, _ to: String, _ scene: Scene) -> [WhyPane.Line] {
        var lines: [WhyPane.Line] = []
        let dead = scene.reading.rows.filter { [from, to].contains($0.name) && !$0.alive }.map(\.name)
        if !dead.isEmpty { lines.append(.init("ends", "\(Words.list(dead, most: 2)) dead", .eventFault)) }
        guard let receiver = scene.snapshot.nodes.first(where: { $0.name == to }), receiver.state == .running else {
            return lines
        }
        if let peer = receiver.membership.peers.first(where: { $0.name == from }) {
            let silence = PhiPane.silence(of: peer, at: scene.snapshot.time)
            lines.append(
                .init(
                    "effect",
                    "\(from) as \(to) hears it: \(silence), phi \(Words.fixed(peer.phi)) of \(Words.fixed(peer.threshold))",
                    peer.phi >= peer.threshold ? .eventWarning : .text))
        } else {
            lines.append(.init("effect", "\(to) does not monitor \(from)", .dim))
        }
        if let known = scene.snapshot.nodes.first(where: { $0.name == from })?.associations
            .first(where: { $0.peerName == to })
        {
            lines.append(
                .init(
                    "traffic",
                    "\(from) sent \(Words.rough(known.framesOut)) frames, \(Words.rough(known.bytesOut))B; received \(Words.rough(known.framesIn)) frames, \(Words.rough(known.bytesIn))B",
                    .dim))
            let queued = known.queuedBytes > 0 ? ", \(Words.short(UInt64(known.queuedBytes)))B wait" : ""
            lines.append(
                .init(
                    "state", "\(scene.words(.association(known.state)))\(queued), \(known.reconnects) reconnects", .dim)
            )
        }
        return lines
    }

    /// Whether an event is a change of this direction; one without ends changes all links.
    private static func concerns(_ event: RuntimeEvent, _ from: String, _ to: String) -> Bool {
        guard [.cut, .healed, .linkImpaired, .linkRestored].contains(event.kind) else { return false }
        return event.from == nil || event.from == from && event.to == to
    }
}

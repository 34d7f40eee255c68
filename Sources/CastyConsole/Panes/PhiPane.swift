import CastyCore
import CastyObservability

/// Pane 2: phi of every peer over time, against the threshold, and the time until it crosses it.
enum PhiPane {
    static func info(_ scene: Scene) -> [String] {
        guard let peer = scene.reading.observer?.membership.peers.first else { return [] }
        return ["threshold \(Words.fixed(peer.threshold))", "thr \(Words.fixed(peer.threshold))"]
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        guard let observer = scene.reading.observer else {
            return EmptyPane.draw([scene.state.emptiness], rect, scene, &buffer)
        }
        let peers = peers(of: observer, scene)
        guard !peers.isEmpty else {
            let others = scene.reading.rows.count > 1
            return EmptyPane.draw(
                [
                    "\(observer.name) monitors no node\(others ? " yet" : "")",
                    others
                        ? "\(scene.state.keys.name(of: .observer)) shows another node's view"
                        : "\(scene.state.keys.name(of: .node(.add))) adds a node",
                ], rect, scene, &buffer)
        }
        let details = details(rect)
        let perPeer = rowsPerPeer(peers.count, rect)
        let window = window(scene, rect)
        var y = rect.y
        for peer in peers.dropFirst(window.first).prefix(window.shown) {
            draw(peer, of: observer, rows: perPeer, scene, rect, y: y, &buffer)
            y += perPeer
        }
        if details > 0 {
            let area = Rect(x: rect.x, y: rect.maxY - details, width: rect.width, height: details)
            let monitored = peers.filter { $0.end == nil }.map(\.peer)
            if !monitored.isEmpty { explain(monitored, observer, scene, area, &buffer) }
            if monitored.count < peers.count {
                let legend = Words.fit("on a curve: † died  ! suspected  ■ removed", rect.width - 2)
                buffer.fill(Rect(x: area.x, y: area.maxY - 1, width: area.width, height: 1), " ", scene.paint[.text])
                buffer.put(legend, x: area.x + 1, y: area.maxY - 1, scene.paint[.faint])
            }
        }
    }

    /// A curve of the pane: of a peer that is monitored, or was until a short time ago.
    private struct Curve {
        var peer: PeerSnapshot
        /// When it was no longer monitored.
        var end: Instant?
    }

    private static func peers(of observer: NodeSnapshot, _ scene: Scene) -> [Curve] {
        let curves =
            observer.membership.peers.map { Curve(peer: $0) }
            + scene.feed.departed.of(observer.name).map { Curve(peer: $0.figures, end: $0.since) }
        return curves.sorted {
            (ClusterReading.number(in: $0.peer.name), $0.peer.name)
                < (ClusterReading.number(in: $1.peer.name), $1.peer.name)
        }
    }

    /// The number of rows at the bottom that explain one peer.
    private static func details(_ rect: Rect) -> Int {
        rect.height >= 8 ? min(rect.width >= 50 ? 5 : 4, rect.height - 4) : 0
    }

    private static func rowsPerPeer(_ count: Int, _ rect: Rect) -> Int {
        max(1, min(7, (rect.height - details(rect)) / max(1, count)))
    }

    /// The visible peers.
    static func window(_ scene: Scene, _ rect: Rect) -> ListWindow {
        let peers = scene.reading.observer.map { Self.peers(of: $0, scene) } ?? []
        return ListWindow(
            count: peers.count, room: max(1, (rect.height - details(rect)) / rowsPerPeer(peers.count, rect)),
            cursor: peers.firstIndex { $0.peer.name == scene.state.selection.node } ?? 0)
    }

    /// The columns of the names.
    private static func label(_ scene: Scene, _ rect: Rect) -> Int {
        max(4, min(scene.reading.nameWidth, rect.width / 4))
    }

    private static let blocks = Array("▁▂▃▄▅▆▇█")

    /// One peer: its name, the value, and the curve. With two or more rows, the middle of the curve is the threshold.
    private static func draw(
        _ curve: Curve, of observer: NodeSnapshot, rows: Int, _ scene: Scene, _ rect: Rect, y: Int,
        _ buffer: inout CellBuffer
    ) {
        let paint = scene.paint
        let peer = curve.peer
        let half = rows >= 7 ? 3 : rows >= 5 ? 2 : rows >= 2 ? 1 : 0
        let baseline = y + max(0, 2 * half - 1)
        let role = Role.phi(peer.phi, threshold: peer.threshold)
        let current = scene.isFocused(.phi) && scene.current == peer.name
        let name = curve.end == nil ? paint[.text] : paint[.dim]
        let nameStyle = current ? name.with(.reverse) : name
        let label = label(scene, rect)
        buffer.put(Words.fitName(peer.name, label), x: rect.x + 1, y: baseline, nameStyle)
        let value = peer.phi < 100 ? Words.fixed(peer.phi) : Words.fixed(peer.phi, 0)
        if curve.end == nil {
            buffer.putRight(value, endX: rect.x + label + 6, y: baseline, width: 5, paint[role])
        } else {
            buffer.putRight("gone", endX: rect.x + label + 6, y: baseline, width: 5, paint[.dim])
        }
        let left = rect.x + label + 7
        let width = rect.maxX - 1 - left
        guard width > 0 else { return }
        if half >= 1, peer.unreachable, curve.end == nil {
            buffer.put("!", x: rect.x + 1, y: baseline - 1, paint[.unreachable])
        }
        if half >= 2 {
            let line = baseline - half
            buffer.putRight(Words.fixed(peer.threshold), endX: rect.x + label + 6, y: line, width: 5, paint[.faint])
            buffer.fill(Rect(x: left, y: line, width: width, height: 1), "┈", paint[.faint])
        }
        let values = scene.feed.phi.values(observer: observer.name, subject: peer.name, count: width)
        for (index, raw) in values.enumerated() where !raw.isNaN {
            let phi = Double(raw)
            let style = paint[Role.phi(phi, threshold: peer.threshold)]
            // The height in rows of the curve; the curve is cut off at the threshold if there are no rows above it.
            let height = phi / max(0.001, peer.threshold) * Double(max(1, half))
            for row in 0..<max(1, 2 * half) where row == 0 || height > Double(row) {
                buffer.put(block(height - Double(row)), x: left + index, y: baseline - row, style)
            }
        }
        mark(curve, observer, scene, Rect(x: left, y: baseline, width: width, height: 1), &buffer)
    }

    /// Marks the moments of a peer's death and of the suspicion on its curve.
    private static func mark(
        _ curve: Curve, _ observer: NodeSnapshot, _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer
    ) {
        let name = curve.peer.name
        func put(_ moment: Instant?, _ mark: String, _ role: Role) {
            guard let moment else { return }
            let x = rect.maxX - 1 - Int(clamping: scene.feed.phi.age(of: moment))
            if x >= rect.x, x < rect.maxX { buffer.put(mark, x: x, y: rect.y, scene.paint[role]) }
        }
        let suspicion =
            curve.end.map { scene.feed.lastSuspicion(of: name, by: observer.name, before: $0) }
            ?? scene.feed.suspicion(of: curve.peer, by: observer.name)
        put(curve.end, "■", .removed)
        put(suspicion, "!", .unreachable)
        put(scene.feed.died[name], "†", .linkDead)
    }

    private static func block(_ share: Double) -> String {
        let level = share.isFinite ? Int(max(0, min(1, share)) * 7.99) : 7
        return String(blocks[max(0, min(7, level))])
    }

    private static func explain(
        _ peers: [PeerSnapshot], _ observer: NodeSnapshot, _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer
    ) {
        let paint = scene.paint
        let peer =
            peers.first { $0.name == scene.current }
            ?? peers.filter { $0.phi >= 1 }.max { $0.phi < $1.phi } ?? peers[0]
        var y = rect.y
        if rect.height >= 5 {
            scale(peer.threshold, scene, rect, y: y, &buffer)
            y += 1
        }
        let line =
            "\(peer.name): mean \(Words.span(peer.mean))  sd \(Words.span(peer.deviation))  pause \(Words.span(peer.acceptablePause))"
        buffer.put(Words.fit(line, rect.width - 2), x: rect.x + 1, y: y, paint[.dim])
        let last =
            "\(peer.name): \(silence(of: peer, at: scene.snapshot.time))  samples \(Words.size(UInt64(max(0, peer.samples))))"
        buffer.put(Words.fit(last, rect.width - 2), x: rect.x + 1, y: y + 1, paint[.dim])
        let (text, role) = forecast(peer, observer, scene)
        buffer.put(Words.fit(text, rect.width - 2), x: rect.x + 1, y: y + 2, paint[role])
        let worst = peers.max { $0.phi < $1.phi } ?? peer
        let hint: String
        if worst.name != peer.name, worst.phi >= worst.threshold {
            hint = forecast(worst, observer, scene).0
        } else if peer.unreachable {
            hint =
                peer.witness.map { "\($0) can still reach \(peer.name)" }
                ?? "\(scene.state.keys.name(of: .why)): why is \(peer.name) unreachable?"
        } else {
            hint =
                "\(scene.state.keys.name(of: .observer)): another node's view   \(scene.state.keys.name(of: .why)): why"
        }
        buffer.put(Words.fit(hint, rect.width - 2), x: rect.x + 1, y: y + 3, paint[.faint])
    }

    /// How long a peer has been silent. As long as its heartbeats come as usual, the words stay the same, and so does
    /// the screen.
    static func silence(of peer: PeerSnapshot, at now: Instant) -> String {
        guard let last = peer.lastHeartbeat else { return "no heartbeat yet" }
        return isOnTime(peer, now) ? "heartbeats on time" : "silent \(Words.span(now - last))"
    }

    /// Whether the silence of a peer is not longer than usual.
    private static func isOnTime(_ peer: PeerSnapshot, _ now: Instant) -> Bool {
        peer.lastHeartbeat.map { now - $0 <= peer.mean + peer.deviation * 3 } ?? false
    }

    /// The time of the coming suspicion, or of the past one.
    static func forecast(_ peer: PeerSnapshot, _ observer: NodeSnapshot, _ scene: Scene) -> (String, Role) {
        let now = scene.snapshot.time
        let threshold = Words.fixed(peer.threshold)
        if peer.phi >= peer.threshold || peer.unreachable {
            guard peer.phi >= peer.threshold else {
                return ("\(peer.name) is under \(threshold) again, but not reachable yet", .unreachable)
            }
            let since = scene.feed.suspicion(of: peer, by: observer.name) ?? peer.suspicionDeadline
            guard let since, since <= now else { return ("\(peer.name) is over \(threshold)", .unreachable) }
            return (
                "\(peer.name) crossed \(threshold) at \(Words.moment(since)), \(Words.span(now - since)) ago",
                .unreachable
            )
        }
        guard let deadline = peer.suspicionDeadline, deadline > now else {
            return ("\(peer.name): too few heartbeats to tell", .faint)
        }
        if let last = peer.lastHeartbeat, isOnTime(peer, now) {
            return ("\(peer.name) crosses \(threshold) after \(Words.span(deadline - last)) of silence", .text)
        }
        return ("\(peer.name) crosses \(threshold) in \(Words.span(deadline - now)) if still silent", .text)
    }

    private static func scale(_ threshold: Double, _ scene: Scene, _ rect: Rect, y: Int, _ buffer: inout CellBuffer) {
        guard rect.width >= 30 else { return }
        let step = Double(PhiHistory.step) / 1e9
        let label = label(scene, rect)
        let width = rect.width - label - 8
        let seconds = Double(width) * step
        let left = "-\(Words.fixed(seconds, 0))s"
        let middle = "-\(Words.fixed(seconds / 2, 0))s"
        let x = rect.x + label + 7
        buffer.put(left, x: x, y: y, scene.paint[.faint])
        buffer.put(middle, x: x + width / 2 - middle.count / 2, y: y, scene.paint[.faint])
        buffer.putRight("now", endX: x + width, y: y, width: 3, scene.paint[.faint])
    }
}

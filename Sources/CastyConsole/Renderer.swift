import CastyObservability

/// Draws the console: a function from the feed and the state of the screen to a picture.
package enum Renderer {
    /// Draws a frame into a buffer of the state's size.
    package static func draw(_ feed: ConsoleFeed, _ state: ConsoleState, into buffer: inout CellBuffer) {
        let scene = Scene(feed, state)
        buffer.fill(buffer.bounds)
        guard scene.layout.size != .none else { return card(scene, &buffer) }
        Header.draw(scene, &buffer)
        if let tabs = scene.layout.tabs { TabStrip.draw(scene, in: tabs, &buffer) }
        for slot in scene.layout.slots { draw(slot, scene, &buffer) }
        StoryRows.draw(scene, &buffer)
        CaptionView.draw(scene, &buffer)
        Footer.draw(scene, &buffer)
        switch state.dialogs.modal {
        case .help(let help): HelpOverlay.draw(help, scene, &buffer)
        case .palette(let palette): PaletteOverlay.draw(palette, scene, &buffer)
        case .prompt(let prompt): PromptOverlay.draw(prompt, scene, &buffer)
        case .confirm(let confirm): ConfirmOverlay.draw(confirm, scene, &buffer)
        case .hypothesis(let offset): HypothesisOverlay.draw(offset, scene, &buffer)
        case .watches(let row): WatchesOverlay.draw(row, scene, &buffer)
        case .filter, nil: break
        }
    }

    /// A new picture of the state's size.
    package static func picture(_ feed: ConsoleFeed, _ state: ConsoleState) -> CellBuffer {
        var buffer = CellBuffer(width: state.size.width, height: state.size.height, tier: state.look.tier)
        draw(feed, state, into: &buffer)
        return buffer
    }

    /// Whose view of the cluster a pane shows.
    private static func view(_ observer: NodeSnapshot, in pane: Pane, _ scene: Scene) -> String {
        guard observer.state == .silent, let clock = scene.snapshot.observer?.clock else {
            return pane == .phi ? "from \(observer.name)" : "as \(observer.name) sees it"
        }
        return "as \(observer.name) saw it at \(clock.timeOfDay(observer.time))"
    }

    private static func draw(_ slot: Slot, _ scene: Scene, _ buffer: inout CellBuffer) {
        let pane = slot.shown
        let filter = pane == .events ? nil : scene.state.view.filters[pane]
        let extra =
            pane == .phi || pane == .gossip || pane == .members
            ? scene.reading.observer.map { view($0, in: pane, scene) } ?? "" : ""
        let info = Self.info(pane, scene).map { text in
            filter.map { text.isEmpty ? "/\($0)" : "/\($0)  \(text)" } ?? text
        }
        let inside = PaneFrame.draw(
            slot, info: info, extra: slot.panes.count == 1 ? extra : "", scene, &buffer)
        buffer.clipped(to: inside) { buffer in
            switch pane {
            case .members: MembersPane.draw(scene, inside, &buffer)
            case .phi: PhiPane.draw(scene, inside, &buffer)
            case .shards: ShardsPane.draw(scene, inside, &buffer)
            case .network: NetworkPane.draw(scene, inside, &buffer)
            case .gossip: GossipPane.draw(scene, inside, &buffer)
            case .events: EventsPane.draw(scene, inside, &buffer)
            case .why: WhyPane.draw(scene, inside, &buffer)
            case .flow: FlowPane.draw(scene, inside, &buffer)
            }
        }
        PaneFrame.hint(hidden(pane, scene, inside), slot, scene, &buffer)
    }

    /// A hint at what a list hides for lack of room; empty if nothing is hidden, or if the pane itself shows a hint.
    private static func hidden(_ pane: Pane, _ scene: Scene, _ rect: Rect) -> String {
        switch pane {
        case .members: MembersPane.lines(scene, rect.height).hint
        case .phi: PhiPane.window(scene, rect).hint
        case .network: NetworkPane.hint(scene, rect)
        case .gossip: GossipPane.hint(scene, rect)
        case .shards, .events, .why, .flow: ""
        }
    }

    private static func info(_ pane: Pane, _ scene: Scene) -> [String] {
        switch pane {
        case .members: MembersPane.info(scene)
        case .phi: PhiPane.info(scene)
        case .shards: ShardsPane.info(scene)
        case .network: NetworkPane.info(scene)
        case .gossip: GossipPane.info(scene)
        case .events: EventsPane.info(scene)
        case .why: WhyPane.info(scene)
        case .flow: FlowPane.info(scene)
        }
    }

    private static func card(_ scene: Scene, _ buffer: inout CellBuffer) {
        let bounds = buffer.bounds
        let text = "need 40x12, have \(bounds.width)x\(bounds.height)"
        let y = max(0, bounds.height / 2 - 1)
        if bounds.width >= text.count {
            buffer.putCentred(text, in: bounds, y: y, scene.paint[.strong])
        } else {
            buffer.putCentred("too small", in: bounds, y: y, scene.paint[.strong])
        }
        buffer.putCentred("q quits", in: bounds, y: y + 1, scene.paint[.dim])
    }
}

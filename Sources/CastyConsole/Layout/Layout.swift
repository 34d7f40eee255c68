/// The size class of the screen, which determines how much of the console fits.
enum SizeClass: Hashable, Sendable {
    /// Under 40x12: only a card that says so.
    case none
    /// One pane and a strip of tabs.
    case tiny
    /// Four slots.
    case small
    /// Five slots.
    case medium
    /// All eight panes.
    case large

    init(width: Int, height: Int) {
        if width < 40 || height < 12 {
            self = .none
        } else if width < 80 || height < 24 {
            self = .tiny
        } else if width < 100 || height < 30 {
            self = .small
        } else if width < 160 || height < 48 {
            self = .medium
        } else {
            self = .large
        }
    }
}

/// An area of the screen and the panes that share it.
struct Slot: Hashable, Sendable {
    var rect: Rect
    var panes: [Pane]
    var shown: Pane
}

/// The positions of all parts: the slots tile the body without gaps or overlap.
struct Layout: Hashable, Sendable {
    let size: SizeClass
    let header: Rect
    /// The strip of tabs of the smallest class.
    let tabs: Rect?
    let body: Rect
    /// The rows of the story, above the caption; without height while there is none.
    let story: Rect
    /// The place of a script's caption.
    let caption: Rect?
    let footer: Rect
    let slots: [Slot]

    /// - Parameters:
    ///   - captionHeight: The rows that a script's caption takes from the panes.
    ///   - storyRows: The rows that the story takes from the panes.
    init(
        width: Int, height: Int, focus: Pane, recent: [Pane], zoomed: Bool, captionHeight: Int = 0, storyRows: Int = 0,
        preset: LayoutPreset = .all
    ) {
        size = SizeClass(width: width, height: height)
        header = Rect(x: 0, y: 0, width: width, height: min(1, height))
        footer = Rect(x: 0, y: max(0, height - 1), width: width, height: height > 1 ? 1 : 0)
        let alone = size == .tiny
        tabs = alone ? Rect(x: 0, y: 1, width: width, height: 1) : nil
        let top = alone ? 2 : 1
        let rows = size == .none ? 0 : storyRows
        let bottom = height - 1 - captionHeight
        story = Rect(x: 0, y: bottom - rows, width: width, height: rows)
        body = Rect(x: 0, y: top, width: width, height: bottom - top - rows)
        caption = captionHeight == 0 ? nil : Rect(x: 0, y: bottom, width: width, height: captionHeight)
        guard size != .none else {
            slots = []
            return
        }
        if zoomed || alone {
            slots = [Slot(rect: body, panes: [focus], shown: focus)]
            return
        }
        slots = Self.split(size, body, preset).map { rect, panes in
            Slot(rect: rect, panes: panes, shown: recent.first { panes.contains($0) } ?? panes.first ?? focus)
        }
    }

    private static func split(_ size: SizeClass, _ body: Rect, _ preset: LayoutPreset) -> [(Rect, [Pane])] {
        switch preset {
        case .all: return split(size, body)
        case .own(let layout): return layout.slots(in: body) ?? split(size, body)
        case .rows:
            let upper = body.height * 3 / 5
            return Array(zip(split(body, heights: [upper, body.height - upper]), LayoutPreset.halves))
        case .columns:
            let (left, right) = halves(body, body.width / 2)
            return Array(zip([left, right], LayoutPreset.halves))
        }
    }

    private static func split(_ size: SizeClass, _ body: Rect) -> [(Rect, [Pane])] {
        switch size {
        case .none, .tiny: return []
        case .small:
            let upper = max(10, body.height * 10 / 22)
            let left = body.width / 2
            let rows = split(body, heights: [upper, body.height - upper])
            let (members, phi) = halves(rows[0], left)
            let (shards, events) = halves(rows[1], left)
            return [
                (members, [.members]), (phi, [.phi]), (shards, [.shards, .network, .gossip]),
                (events, [.events, .why, .flow]),
            ]
        case .medium:
            let upper = body.height * 11 / 38
            let middle = body.height * 14 / 38
            let rows = split(body, heights: [max(9, upper), middle, body.height - max(9, upper) - middle])
            let left = min(body.width / 2, max(body.width * 58 / 120, 56))
            let (members, phi) = halves(rows[0], left)
            let (shards, network) = halves(rows[1], left)
            return [
                (members, [.members]), (phi, [.phi]), (shards, [.shards, .gossip]), (network, [.network]),
                (rows[2], [.events, .why, .flow]),
            ]
        case .large:
            let upper = body.height * 17 / 58
            let middle = body.height * 22 / 58
            let rows = split(body, heights: [upper, middle, body.height - upper - middle])
            let first = body.width * 67 / 200
            let third = body.width * 50 / 200
            func thirds(_ row: Rect) -> (Rect, Rect, Rect) {
                let (left, rest) = halves(row, first)
                let (centre, right) = halves(rest, rest.width - third)
                return (left, centre, right)
            }
            let (members, phi, gossip) = thirds(rows[0])
            let (shards, network, why) = thirds(rows[1])
            let (events, flow) = halves(rows[2], body.width / 2)
            return [
                (members, [.members]), (phi, [.phi]), (gossip, [.gossip]), (shards, [.shards]), (network, [.network]),
                (why, [.why]), (events, [.events]), (flow, [.flow]),
            ]
        }
    }

    private static func split(_ rect: Rect, heights: [Int]) -> [Rect] {
        var y = rect.y
        return heights.map { height in
            defer { y += height }
            return Rect(x: rect.x, y: y, width: rect.width, height: height)
        }
    }

    private static func halves(_ rect: Rect, _ left: Int) -> (Rect, Rect) {
        (
            Rect(x: rect.x, y: rect.y, width: left, height: rect.height),
            Rect(x: rect.x + left, y: rect.y, width: rect.width - left, height: rect.height)
        )
    }

    /// The slot that shows a pane.
    func shows(_ pane: Pane) -> Bool { slots.contains { $0.shown == pane } }

    func slot(of pane: Pane) -> Slot? { slots.first { $0.shown == pane } }
}

extension ConsoleState {
    /// The layout without a story.
    var layout: Layout { layout(storyRows: 0) }

    /// The layout with as many rows for the story as it takes.
    func layout(_ feed: ConsoleFeed) -> Layout {
        layout(storyRows: StoryRows.text(visible(feed), width: size.width, height: size.height).count)
    }

    /// Whether the messages between the nodes are on the screen.
    package func showsMessages(_ feed: ConsoleFeed) -> Bool { layout(feed).shows(.flow) }

    func layout(storyRows: Int) -> Layout {
        Layout(
            width: size.width, height: size.height, focus: panes.focus, recent: panes.recent, zoomed: panes.zoomed,
            captionHeight: captionHeight, storyRows: storyRows, preset: panes.preset)
    }
}

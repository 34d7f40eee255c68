import CastyObservability

/// The rows above the last line: the story of the latest fault.
enum StoryRows {
    /// The text in at most two rows; empty if there is nothing to tell.
    static func text(_ feed: ConsoleFeed, width: Int, height: Int) -> [String] {
        guard let story = feed.stories.shown(at: feed.snapshot.time) else { return [] }
        return story.sentence(columns: width - 4, rows: height >= 16 ? 2 : 1)
    }

    static func draw(_ scene: Scene, _ buffer: inout CellBuffer) {
        let rect = scene.layout.story
        guard rect.height > 0, let story = scene.feed.stories.shown(at: scene.snapshot.time) else { return }
        let paint = scene.paint
        let (mark, role) = story.sign
        buffer.put(mark, x: rect.x + 1, y: rect.y, paint[story.isOpen ? role : .dim])
        for (index, row) in scene.story.prefix(rect.height).enumerated() {
            buffer.put(row, x: rect.x + 3, y: rect.y + index, paint[story.isOpen ? .strong : .dim])
        }
    }
}

/// The part of a list that a pane has room for, and what is hidden.
struct ListWindow: Hashable, Sendable {
    let count: Int
    /// The number of rows that are scrolled away above.
    let first: Int
    let shown: Int

    /// As many rows around the cursor as there is room for.
    init(count: Int, room: Int, cursor: Int) {
        let room = max(0, room)
        self.count = count
        shown = min(count, room)
        first = count <= room ? 0 : min(max(0, cursor - room / 2), count - room)
    }

    /// A part that is known.
    init(count: Int, first: Int, shown: Int) {
        (self.count, self.first, self.shown) = (count, first, shown)
    }

    /// What is hidden, in words; empty if everything is shown.
    var hint: String { hint(before: "↑", after: "↓") }

    /// What is hidden, in words, with arrows for the direction.
    func hint(before: String, after: String) -> String {
        let rest = count - first - shown
        let parts = [first > 0 ? "\(before) \(first)" : "", rest > 0 ? "\(after) \(rest)" : ""].filter { !$0.isEmpty }
        return parts.isEmpty ? "" : parts.joined(separator: " ") + " more"
    }
}

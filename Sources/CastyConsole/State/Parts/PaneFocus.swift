/// Which pane has the keys, and which panes the slots show.
struct PaneFocus: Hashable, Sendable {
    var focus = Pane.members
    /// Panes in the order of their last focus, latest first: a slot shows the latest of its tabs.
    var recent: [Pane] = [.members]
    /// The pane that had the focus before the pane Why.
    var asker: Pane?
    var zoomed = false
    var preset = LayoutPreset.all

    mutating func focus(on pane: Pane) {
        if pane == .why, focus != .why { asker = focus }
        focus = pane
        recent.removeAll { $0 == pane }
        recent.insert(pane, at: 0)
    }
}
